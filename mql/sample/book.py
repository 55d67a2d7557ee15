"""What sales writes down: dispositions, opportunities, and who the reps are."""

from mql.sample.clock import END, HOUR, START, load_moment, stamp
from mql.sample.writer import csv_line

REPS = (
    ("R-01", "Margaret Olsen", True),
    ("R-02", "Dev Kapoor", True),
    ("R-03", "Trent Bishop", False),
    ("R-04", "Alicia Romero", True),
    ("R-05", "Sam Whitaker", True),
    ("R-06", "Joanna Lindqvist", True),
    ("R-07", "Marcus Bell", True),
    ("R-08", "Ruth Adeyemi", True),
)
CAPACITY = 20  # new leads a month

OPEN_STAGES = ("discovery", "evaluation", "proposal", "negotiation")


class Book:
    """The sales rows of one facility, as CSV lines with ids counted per facility."""

    def __init__(self, number: int, rep: str):
        self.number = number
        self.rep = rep
        self.dispositions: list[str] = []
        self.opportunities: list[str] = []
        self.deal_spans: list[tuple[int, int]] = []
        self._deals = 0

    def note(
        self,
        moment: int,
        contact_id: str,
        account_id: str,
        line: str,
        outcome: str,
        reason: str = "",
        text: str = "",
        rep: str = "",
    ) -> None:
        """One disposition row."""
        self.dispositions.append(
            csv_line(
                (
                    f"D-{self.number:06d}-{len(self.dispositions) + 1:03d}",
                    contact_id,
                    account_id,
                    line,
                    rep or self.rep,
                    outcome,
                    reason,
                    text,
                    stamp(moment),
                    stamp(load_moment(moment)),
                )
            )
        )

    def deal(
        self,
        contact_id: str,
        account_id: str,
        line: str,
        amount: int,
        opened_at: int,
        closed_at: int,
        result: str,
        stage: str,
    ) -> None:
        """An opportunity: the row of its first day, and one of its latest state."""
        self._deals += 1
        opportunity_id = f"O-{self.number:06d}-{self._deals:03d}"
        self.deal_spans.append((opened_at, END if result == "open" else closed_at))
        states = [(opened_at, OPEN_STAGES[0], "", "")]
        if result == "open":
            later = min(END - HOUR, opened_at + (END - opened_at) // 2)
            states.append((later, stage, "", ""))
        else:
            won = "true" if result == "won" else "false"
            states.append((closed_at, f"closed_{result}", stamp(closed_at), won))
        for updated_at, name, closed, won in states:
            self.opportunities.append(
                csv_line(
                    (
                        opportunity_id,
                        account_id,
                        contact_id,
                        line,
                        name,
                        amount,
                        stamp(opened_at),
                        closed,
                        won,
                        stamp(updated_at),
                        stamp(load_moment(updated_at)),
                    )
                )
            )


def rep_lines() -> list[str]:
    """The rows of `sales_reps`."""
    return [
        csv_line(
            (
                rep_id,
                name,
                name.lower().replace(" ", ".") + "@halden-surgical.example",
                CAPACITY,
                "true" if is_active else "false",
                stamp(START + HOUR),
            )
        )
        for rep_id, name, is_active in REPS
    ]
