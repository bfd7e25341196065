"""The door: routes by table, access keys, problems, pages of lists, patients' pages."""
