"""The patient's private pages: plain HTML forms that work without scripts, on a phone, by keyboard, read aloud."""
