"""Options have the defaults of the article, one canonical form, and errors that name them."""

import pytest

from movie_posters_decade.errors import OptionError
from movie_posters_decade.options.options import Options


def test_defaults_are_those_of_the_article() -> None:
    options = Options().checked()
    assert (options.min_year, options.max_year, options.test_size) == (1970, 2017, 0.2)
    assert (options.balance, options.max_per_decade, options.keep_grayscale) == (
        "undersample",
        None,
        False,
    )


def test_genres_have_one_canonical_form() -> None:
    assert Options(genres="War").checked().genres == ("war",)  # type: ignore[arg-type]
    one, other = Options(genres=("War", "Action")), Options(genres=["Action", "War ", "War"])  # type: ignore[arg-type]
    assert one.checked() == other.checked()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "min_year",
            "1970",
            "Option min_year: expected a year from 1870 to 2100; found '1970'.",
        ),
        (
            "max_year",
            10**8,
            "Option max_year: expected a year from 1870 to 2100; found 100000000.",
        ),
        ("max_year", 1960, "Option max_year: expected a year from min_year, 1970; found 1960."),
        ("seed", 1.5, "Option seed: expected a whole number; found 1.5."),
        (
            "test_size",
            1.0,
            "Option test_size: expected a share between 0 and 1, both excluded; found 1.0.",
        ),
        (
            "max_per_decade",
            1,
            "Option max_per_decade: expected a whole number from 2; found 1.",
        ),
        (
            "workers",
            0,
            "Option workers: expected 1 to 64 processes, or an address such as tcp://host:8786; "
            "found 0.",
        ),
        (
            "user_agent",
            "a\nb",
            "Option user_agent: expected a text of printable ASCII; found 'a\\nb'.",
        ),
        ("balance", "both", "Option balance: expected undersample or none; found 'both'."),
        ("keep_grayscale", "any", "Option keep_grayscale: expected True or False; found 'any'."),
        ("genres", (), "Option genres: expected one or more genre names; found ()."),
        ("genres", 3, "Option genres: expected one or more genre names; found 3."),
    ],
)
def test_invalid_value_is_an_error_that_names_the_option(
    name: str, value: object, sentence: str
) -> None:
    options = Options()
    setattr(options, name, value)
    with pytest.raises(OptionError) as error:
        options.checked()
    assert str(error.value) == sentence
