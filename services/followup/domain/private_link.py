"""Where the patient's private link to a check-in leads."""

from typing import Final

PATH: Final = "/followup/c/"
