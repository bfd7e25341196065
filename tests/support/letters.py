"""A sealer that needs no database and no keys."""


class Letters:
    """Seals by turning words round; what cannot be read forwards counts as hidden."""

    def seal(self, clinic_id: str, text: str) -> str:
        return f"{clinic_id}:{text[::-1]}"

    def unseal(self, token: str) -> str:
        return token.split(":", 1)[1][::-1]
