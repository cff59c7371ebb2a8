"""Whether the findings depend on the kind of tokenizer: the answers for each kind, side by side."""

from collections.abc import Mapping, Sequence

from memtests.study.answers.answer import NO, NOT_SHOWN, YES, Answer, nothing, said_between
from memtests.study.measured import Model

NAME, QUESTION = "tokenizer-kinds", "The findings are the same for both kinds of tokenizer"


def in_common(models: Sequence[Model]) -> dict[str, list[Model]]:
    """By kind, the models of sizes and lengths of teaching that every kind has."""
    kinds = {model.kind for model in models}
    taught = {
        kind: {(model.size, model.epochs) for model in models if model.kind == kind}
        for kind in kinds
    }
    both = set.intersection(*taught.values()) if taught else set()
    return {
        kind: [m for m in models if m.kind == kind and (m.size, m.epochs) in both]
        for kind in sorted(kinds)
    }


def side_by_side(by_kind: Mapping[str, Sequence[Answer]]) -> Answer:
    """`no` where one kind says yes to a question and another no; `yes` where all say the same to
    every question that any of them decides, and decide at least one; else not shown.
    """
    if len(by_kind) < 2:
        return nothing(NAME, QUESTION, "there is one kind of tokenizer")
    kinds = list(by_kind)
    head = ("question", *(f"{kind}: {what}" for kind in kinds for what in ("verdict", "effect")))
    rows: list[tuple[str, ...]] = [head]
    opposed: list[str] = []
    open_: list[str] = []
    same: list[str] = []
    for answers in zip(*by_kind.values(), strict=True):
        said = {answer.verdict for answer in answers}
        if len(said) > 1:
            (open_ if NOT_SHOWN in said else opposed).append(answers[0].question)
        elif said != {NOT_SHOWN}:
            same.append(answers[0].question)
        cells = [cell for answer in answers for cell in (answer.verdict, _effect(answer))]
        rows.append((answers[0].question, *cells))
    verdict = NO if opposed else NOT_SHOWN if open_ or not same else YES
    said_parts = [
        f"The same verdict for {' and '.join(kinds)} on {len(same)} questions that both decide",
        *([f"opposite ones on: {'; '.join(opposed)}"] if opposed else []),
        *([f"decided for one kind alone: {'; '.join(open_)}"] if open_ else []),
    ]
    return Answer(NAME, QUESTION, verdict, ". ".join(said_parts) + ".", rows=tuple(rows))


def _effect(answer: Answer) -> str:
    if answer.effect is None:
        return "-"
    return f"{answer.effect:+.2f} ({said_between(answer.interval)})"
