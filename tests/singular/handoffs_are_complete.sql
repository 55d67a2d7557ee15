-- Every MQL belongs to the hand-over that was open when it was handed over: none lies
-- beyond the opening of the contact's next one (int_conversations follows those for a
-- fixed number of steps).
select
    mql_id,
    handoff_id,
    sequence_number,
    next_opening
from {{ ref('int_conversations') }}
where sequence_number >= next_opening
