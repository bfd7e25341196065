"""What followup forgets: nothing. Answers, scores and alerts are the patient's record; how long is the clinic's law."""

from shared.persistence.retention import Retention

FORGOTTEN: tuple[Retention, ...] = ()
