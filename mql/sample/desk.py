"""The sales desk: which answers, reasons and deals keep the funnel at its rates."""

from random import Random

from mql.sample.clock import month_of, quarter_of

# Shares of handed-over MQLs by answer; the quarter of the give-away does worse.
ANSWERS = {"accepted": 0.59, "rejected": 0.375, "contacted": 0.02, "none": 0.015}
POOR_ANSWERS = {"accepted": 0.42, "rejected": 0.54, "contacted": 0.02, "none": 0.02}
POOR_MONTHS = ("2025-01", "2025-02", "2025-03")
LIST_ANSWERS = {"accepted": 0.53, "rejected": 0.43, "contacted": 0.02, "none": 0.02}

# Shares of all rejections by reason; two months have a mix of their own.
REASONS = {
    "no_response": 0.16,
    "not_qualified_facility": 0.20,
    "wrong_role": 0.18,
    "existing_customer": 0.14,
    "no_budget": 0.14,
    "wrong_specialty": 0.09,
    "other": 0.09,
}
GIVE_AWAY_MONTH = "2025-03"
LIST_MONTH = "2025-10"
GIVE_AWAY_REASONS = {
    "no_response": 0.48,
    "not_qualified_facility": 0.12,
    "wrong_role": 0.10,
    "existing_customer": 0.10,
    "no_budget": 0.10,
    "wrong_specialty": 0.05,
    "other": 0.05,
}
LIST_REASONS = {
    "no_response": 0.12,
    "not_qualified_facility": 0.42,
    "wrong_role": 0.14,
    "existing_customer": 0.10,
    "no_budget": 0.10,
    "wrong_specialty": 0.06,
    "other": 0.06,
}
OWN_REASONS = {GIVE_AWAY_MONTH: GIVE_AWAY_REASONS, LIST_MONTH: LIST_REASONS}
# in any other month these stay below what the reviews call too much
CEILINGS = {"no_response": 0.199, "not_qualified_facility": 0.29}

OPPORTUNITY_SHARE = 0.66
WON_SHARE = 0.255


class Quota:
    """Choices that come close to their target shares, in a sample of any size."""

    def __init__(self, targets: dict[str, float]):
        self.targets = targets
        self.counts = dict.fromkeys(targets, 0)
        self.total = 0

    def count(self, choice: str, weight: int = 1) -> None:
        """Takes note of a choice."""
        self.counts[choice] += weight
        self.total += weight

    def lag(self, choice: str) -> float:
        """By how many a choice is behind its target, were one more to be made."""
        return self.targets[choice] * (self.total + 1) - self.counts[choice]


def _lagging(
    quotas: tuple[Quota, ...],
    leanings: dict[str, float],
    rng: Random,
    barred: frozenset = frozenset(),
) -> str:
    """The choice that lags most over the quotas, moved by chance and by `leanings`."""
    best, best_lag = "", -1e9
    for choice in quotas[0].targets:
        if choice in barred:
            continue
        lag = sum(quota.lag(choice) for quota in quotas)
        lag += 0.8 * rng.random() + leanings.get(choice, 0.0)
        if lag > best_lag:
            best, best_lag = choice, lag
    return best


class Desk:
    """The sales desk: its quotas, shared by all facilities of a sample."""

    def __init__(self):
        self._answers: dict[str, Quota] = {}
        self._reasons = Quota(REASONS)
        self._reasons_of_month: dict[str, Quota] = {}
        self._opened = Quota({"yes": OPPORTUNITY_SHARE, "no": 1 - OPPORTUNITY_SHARE})
        self._won = Quota({"yes": WON_SHARE, "no": 1 - WON_SHARE})

    def answer(self, moment: int, leaning: float, rng: Random) -> str:
        """Sales' answer to an MQL awarded at a time in seconds."""
        month = month_of(moment)
        targets = ANSWERS
        if month in POOR_MONTHS:
            targets = POOR_ANSWERS
        elif month == LIST_MONTH:
            targets = LIST_ANSWERS
        # by month and by quarter, so that neither strays far in a small sample
        quotas = tuple(
            self._answers.setdefault(group, Quota(targets))
            for group in (month, quarter_of(moment) + str(targets["accepted"]))
        )
        outcome = _lagging(quotas, {"accepted": leaning}, rng)
        for quota in quotas:
            quota.count(outcome)
        return outcome

    def reason(
        self, moment: int, leanings: dict[str, float], mqls: int, rng: Random
    ) -> str:
        """Why `mqls` MQLs of one contact, awarded at a time in seconds, are rejected.

        The two months with a mix of their own follow that; all others make up for them,
        so that the whole comes out at `REASONS`.
        """
        month = month_of(moment)
        shares = OWN_REASONS.get(month, REASONS)
        # the reviews may count MQLs or leads; a month must look right either way
        monthly = self._reasons_of_month.setdefault(month, Quota(shares))
        leads = self._reasons_of_month.setdefault(month + " leads", Quota(shares))
        if month in OWN_REASONS:
            reason = _lagging((monthly,), leanings, rng)
        else:
            barred = frozenset(
                reason
                for reason, ceiling in CEILINGS.items()
                if monthly.counts[reason] + mqls > ceiling * (monthly.total + mqls)
                or leads.counts[reason] + 1 > ceiling * (leads.total + 1)
            )
            reason = _lagging((self._reasons,), leanings, rng, barred)
        monthly.count(reason, mqls)
        leads.count(reason)
        self._reasons.count(reason, mqls)
        return reason

    def opens_deal(self, leaning: float, rng: Random) -> bool:
        """Whether an accepted lead becomes an opportunity."""
        opened = _lagging((self._opened,), {"yes": leaning}, rng)
        self._opened.count(opened)
        return opened == "yes"

    def ends_deal(self, closes: bool, leaning: float, rng: Random) -> str:
        """'won', 'lost' or, where it does not close in time, 'open'."""
        won = "no"
        if closes:
            won = _lagging((self._won,), {"yes": leaning}, rng)
        # an open deal counts against the share won, like a lost one
        self._won.count(won)
        if not closes:
            return "open"
        return "won" if won == "yes" else "lost"
