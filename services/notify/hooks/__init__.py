"""Where providers tell by themselves: receipts and what patients write. No access key: every call is signed."""
