"""What goes wrong on a developer's machine, said in one line together with what mends it."""


class LocalFault(Exception):
    """`message` says what is wrong, `mend` what to do; `log` holds the last lines of the program concerned."""

    def __init__(self, message: str, mend: str, log: str = "") -> None:
        super().__init__(f"{message} - {mend}" + (f"\n{log}" if log else ""))
        self.message = message
        self.mend = mend
        self.log = log
