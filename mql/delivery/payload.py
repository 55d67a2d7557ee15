"""What is sent of an event, and what the log keeps of that."""

from __future__ import annotations

import hashlib
from datetime import datetime

from mql.delivery.log import (
    COURTESY,
    CREATED,
    ESCALATED,
    ISSUING,
    WITHDRAWN,
)
from mql.delivery.plan import Event

# Goes up when a receiver would have to change what it reads.
VERSION = 1

# Groups of the payload and the columns of the marts in them; a column that a mart does
# not have is null.
HANDOFF = (
    "product_lines",
    "trigger_type",
    "priority",
    "status",
    "sla_status",
    "is_lapsed",
    "routed_by",
    "territory",
    "follow_up_group",
    "definition_id",
    "mql_at",
    "handed_over_at",
    "sla_started_at",
    "sla_due_at",
    "escalated_at",
    "withdrawn_at",
    "expires_at",
)
SCORES = ("fit_score", "engagement_score", "total_score", "engaged_contacts")
CONTACT = (
    "contact_id",
    "first_name",
    "last_name",
    "job_title",
    "specialty",
    "role",
    "role_class",
    "email",
    "phone",
)
ACCOUNT = (
    "account_id",
    "account_name",
    "facility_type",
    "bed_count",
    "country",
    "state",
)
REQUEST = ("activity_id", "activity_type", "asset_name", "occurred_at", "failing_gate")
ENGAGEMENT = (
    "engagement_summary",
    "content_downloaded",
    "pages_visited",
    "events_attended",
    "direct_requests",
    "downloads",
    "page_views",
    "high_intent_page_views",
    "events",
    "registrations",
    "requests",
    "email_opens",
    "email_clicks",
    "trigger_activity_id",
    "last_activity_at",
)
OPPORTUNITY = (
    "open_opportunity_id",
    "open_opportunity_stage",
    "open_opportunity_owner_rep_id",
    "open_opportunities",
)

OCCURRED_AT = {
    CREATED: "handed_over_at",
    COURTESY: "occurred_at",
    ESCALATED: "escalated_at",
    WITHDRAWN: "withdrawn_at",
}


def payload(event: Event, details: dict | None, as_of: datetime | None) -> dict:
    """An event as it is sent; everything in it comes from the marts and the log.

    `details` is the hand-over's row of the marts, None where there is none any more.
    """
    row = {**known_of(event), **(details or {})}
    rep_id, lead_rep_id = event.reps
    # an event that is sent again names the rep it named before
    is_that_rep = row.get("rep_id") == rep_id
    previous_rep_id, previous_lead_rep_id = event.previous_reps
    return {
        "version": VERSION,
        "event": event.event,
        "idempotency_key": event.key,
        "handoff_id": event.handoff_id,
        "handoff_type": event.handoff_type,
        "occurred_at": in_utc(row.get(OCCURRED_AT.get(event.event))),
        "as_of": in_utc(as_of),
        "reason": event.reason,
        "joined_handoff_id": event.joined,
        "rep": {
            "rep_id": rep_id,
            "rep_name": row.get("rep_name") if is_that_rep else None,
            "rep_email": row.get("rep_email") if is_that_rep else None,
            "lead_rep_id": lead_rep_id,
            "previous_rep_id": previous_rep_id,
            "previous_lead_rep_id": previous_lead_rep_id,
        },
        "handoff": group(row, HANDOFF),
        "scores": group(row, SCORES),
        "contact": group(row, CONTACT),
        "account": group(row, ACCOUNT),
        "request": group(row, REQUEST) if event.handoff_type == COURTESY else None,
        "engagement": group(row, ENGAGEMENT),
        "opportunity": group(row, OPPORTUNITY),
    }


def known_of(event: Event) -> dict:
    """What is left to say of a hand-over that the marts have no details of."""
    if event.handoff is None:
        return {}
    return {
        "contact_id": event.handoff.contact_id,
        "account_id": event.handoff.account_id,
        "activity_id": event.handoff.activity_id,
        "occurred_at": event.handoff.handed_over_at,
        "product_lines": [event.handoff.product_line],
        "status": event.handoff.status,
        "sla_due_at": event.handoff.due_at,
    }


def group(row: dict, columns: tuple[str, ...]) -> dict | None:
    """Some columns of a row, or None where it has nothing in any of them."""
    cells = {name: in_utc(row.get(name)) for name in columns}
    return cells if any(cell is not None for cell in cells.values()) else None


def in_utc(cell):
    """A time as ISO text that says it is UTC; anything else as it is."""
    return cell.isoformat() + "Z" if isinstance(cell, datetime) else cell


def issuing(event: Event, sent: dict, body: bytes) -> dict:
    """The log's line for an event about to be sent.

    It keeps nothing about the person and what they did; the hash of the body proves
    what that was to whoever has the body.
    """
    last = event.handoff or event.known
    rep_id, lead_rep_id = event.reps
    return {
        "record": ISSUING,
        "idempotency_key": event.key,
        "event": event.event,
        "number": event.number,
        "handoff_id": event.handoff_id,
        "handoff_type": event.handoff_type,
        "party": event.party,
        "current_id": event.handoff.handoff_id if event.handoff else last.current_id,
        "status": last.status,
        "handed_over_at": last.handed_over_at,
        "closed_at": last.closed_at,
        "rep_id": rep_id,
        "lead_rep_id": lead_rep_id,
        "reason": event.reason,
        "occurred_at": sent["occurred_at"],
        "handoff": sent["handoff"],
        "scores": sent["scores"],
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }
