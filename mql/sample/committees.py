"""Account MQLs: colleagues whose scores add up, and sales' answers to them (estimate)."""

from random import Random

from mql.sample.book import Book
from mql.sample.clock import DAY, END, HOUR, load_moment
from mql.sample.estimate import NEVER
from mql.sample.journeys import Activity
from mql.sample.words import GENERAL


def quick_standing(activities: list[Activity]) -> list[tuple[int, float]]:
    """(time, score on general) of a contact whom nobody followed up (estimate).

    Empty where the contact never matters for the account: below 10 points.
    """
    moves: list[tuple[int, float]] = []
    score = 0.0
    last_engaged = 0
    taken: set[str] = set()
    for moment, touch in activities:
        worth = touch.points[GENERAL]
        if not worth or touch.once in taken:
            continue
        if touch.once:
            taken.add(touch.once)
        if last_engaged:
            loss_at = last_engaged + 90 * DAY
            while loss_at <= moment and score:
                score = max(0.0, score - 10)
                moves.append((loss_at, score))
                loss_at += 30 * DAY
        if touch.is_opt_out:
            moves.append((moment, 0.0))
            break
        score += worth
        moves.append((moment, score))
        last_engaged = moment
    if not moves or max(move[1] for move in moves) < 10:
        return []
    loss_at = last_engaged + 90 * DAY
    while loss_at < END and score and moves[-1][1]:
        score = max(0.0, score - 10)
        moves.append((loss_at, score))
        loss_at += 30 * DAY
    return moves


def answer_account(
    standings: list[list[tuple[int, float]]], rng: Random, book: Book, account_id: str
) -> None:
    """Answers the account's MQLs, where its people's scores add up to one (estimate).

    `standings` holds per contact (time in seconds, countable score on general).
    """
    if sum(bool(moves) for moves in standings) < 3:
        return
    moves = [
        (moment, number, score)
        for number, moves in enumerate(standings)
        for moment, score in moves
    ]
    for opened_at, closed_at in book.deal_spans:
        moves += [(opened_at, -1, 1.0), (closed_at, -1, -1.0)]
    moves.sort()
    scores = [0.0] * len(standings)
    open_deals = 0.0
    qualified = False
    ended_at = NEVER
    for moment, number, score in moves:
        if number < 0:
            open_deals += score
        else:
            scores[number] = score
        before = qualified
        qualified = (
            not open_deals
            and sum(scores) >= 75
            and sum(score >= 10 for score in scores) >= 3
        )
        if before and not qualified:
            ended_at = moment if number >= 0 else NEVER
        elif qualified and not before and moment >= ended_at + 30 * DAY:
            _answer_account_mql(moment, rng, book, account_id)


def _answer_account_mql(moment: int, rng: Random, book: Book, account_id: str) -> None:
    if rng.random() < 0.1:
        return
    answered_at = load_moment(moment) + int(9 * HOUR * rng.lognormvariate(0, 0.75))
    if answered_at >= END:
        return
    share = rng.random()
    if share < 0.58:
        book.note(answered_at, "", account_id, "", "accepted")
    elif share < 0.95:
        reasons = ("no_budget", "existing_customer", "no_response")
        reason = reasons[int(rng.random() * 3)]
        book.note(answered_at, "", account_id, "", "rejected", reason)
    else:
        book.note(answered_at, "", account_id, "", "contacted")
