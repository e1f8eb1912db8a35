"""Croissant: a description of an export in JSON-LD, which libraries load the posters by.

It follows Croissant 1.1 and the vocabulary RAI 1.0 for responsible AI. It names no creator,
publisher, page or date of publication: whoever publishes the export knows them.
"""

import json
from pathlib import Path
from typing import Any

from movie_posters_decade.builds.artifacts import Build
from movie_posters_decade.data_statement import (
    COLUMNS,
    FROM_LOCK_FILE,
    KEYWORDS,
    LABEL_OF_THE_MOVIE,
    LABELS,
    LEAKING_COLUMNS,
    LICENSE_NAME,
    NEAR_DUPLICATES,
    OUT_OF_SCOPE,
    PAINTED,
    PERSONAL_INFORMATION,
    PRETTY_NAME,
    SET_ASIDE,
    SPLITS_OF_ONE_CONFIGURATION,
    SURVIVING_LINKS,
    UNMEASURED_SHORTCUTS,
    USES,
    describe_fallbacks,
    describe_landscape_crops,
    describe_rejections,
    describe_sampling,
    describe_scale,
)
from movie_posters_decade.exports.croissant_layouts import (
    ExportedFiles,
    describe_files,
    describe_record_sets,
)
from movie_posters_decade.exports.writers import manifest_columns
from movie_posters_decade.options.configurations import DEMO, KAGGLE_PAGE, KAGGLE_URL
from movie_posters_decade.options.options import NAME
from movie_posters_decade.records import MEANINGS, list_counts
from movie_posters_decade.report.counts import DecadeCounts, Report

CROISSANT_FILE = "croissant.json"

CONFORMS_TO = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]

CONTEXT_FILE = Path(__file__).with_name("croissant_context.json")
"""What the names in the description stand for.

It is the context of the specification with https for schema.org, as mlcroissant expects it.
"""

Json = dict[str, Any]


def describe_export(build: Build, folder: Path, settings: Json) -> Json:
    """Return the description of an export, the content of croissant.json.

    Args:
        build: what was exported.
        folder: holds all files of the export but this one.
        settings: the content of export.json: the version, the format, and how posters were resized
            and re-encoded.
    """
    info = next(iter(build.dataset.values())).info
    files = _exported_files(build, folder)
    return {
        "@context": json.loads(CONTEXT_FILE.read_text(encoding="utf-8")),
        "@type": "sc:Dataset",
        "name": f"{PRETTY_NAME}: {build.name}",
        "description": info.description,
        "conformsTo": CONFORMS_TO,
        "license": {
            "@type": "sc:CreativeWork",
            "name": LICENSE_NAME,
            "description": info.license,
        },
        "citeAs": info.citation,
        "version": str(info.version),
        "keywords": [*KEYWORDS],
        **_describe_responsible_ai(build, settings),
        **_describe_provenance(build, settings),
        "distribution": describe_files(files, settings["format"]),
        "recordSet": describe_record_sets(files, settings["format"]),
    }


def _exported_files(build: Build, folder: Path) -> ExportedFiles:
    return ExportedFiles(
        folder=folder,
        features=next(iter(build.dataset.values())).features,
        splits=[str(split) for split in build.dataset],
        columns=manifest_columns(build.dataset),
        imdb_ids=[imdb_id for part in build.dataset.values() for imdb_id in part["imdb_id"]],
    )


def _describe_responsible_ai(build: Build, settings: Json) -> Json:
    """Return the properties of the vocabulary RAI that a build knows."""
    is_painted = build.source == DEMO
    painted = f"The catalogue is {PAINTED}."
    return {
        "rai:dataCollection": describe_sampling(build.dataset),
        "rai:dataCollectionType": (
            ["Others"] if is_painted else ["Web Scraping", "Secondary Data analysis"]
        ),
        "rai:dataCollectionRawData": painted if is_painted else _describe_catalogue(build),
        "rai:dataCollectionMissingData": _describe_missing(build.report),
        "rai:dataPreprocessingProtocol": [NEAR_DUPLICATES, _describe_images(settings)],
        "rai:dataAnnotationProtocol": [LABELS],
        "rai:dataBiases": _list_biases(build.report, is_resized=bool(settings["image_size"])),
        "rai:dataLimitations": [
            LEAKING_COLUMNS,
            SPLITS_OF_ONE_CONFIGURATION,
            _as_sentence(UNMEASURED_SHORTCUTS),
        ],
        "rai:dataUseCases": [USES, OUT_OF_SCOPE],
        "rai:personalSensitiveInformation": [painted if is_painted else PERSONAL_INFORMATION],
    }


def _list_biases(report: Report, *, is_resized: bool) -> list[str]:
    """Return the known biases, with what this build's report says of them."""
    crops = describe_landscape_crops(report)
    rejections = "" if report.is_from_lock_file else describe_rejections(report)
    fallbacks = describe_fallbacks(report, is_resized=is_resized)
    more = [crops, fallbacks, describe_scale(report, is_resized=is_resized)]
    biases = [LABEL_OF_THE_MOVIE, SURVIVING_LINKS, rejections and f"{rejections}.", *more]
    return [_as_sentence(bias) for bias in biases if bias]


def _describe_missing(report: Report) -> str:
    """Return what became of the posters of each decade, with the reasons for rejections."""
    if report.is_from_lock_file:
        return FROM_LOCK_FILE
    decades = [_describe_decade(*item) for item in report.decade_counts().items()]
    reasons = [f"{reason}: {MEANINGS[reason]}" for reason in report.rejected or {}]
    return f"Posters of each decade: {'; '.join(decades)}. {'; '.join([*reasons, SET_ASIDE])}."


def _describe_decade(decade: str, counts: DecadeCounts) -> str:
    rejected = counts.rejected.total()
    reasons = f" ({list_counts(counts.rejected)})" if rejected else ""
    return (
        f"{decade} {counts.downloaded} downloaded, {rejected} rejected{reasons}, "
        f"{counts.downloaded - rejected - counts.kept} set aside, {counts.kept} kept"
    )


def _describe_catalogue(build: Build) -> str:
    kind = "lock file" if build.report.is_from_lock_file else "catalogue"
    return f"The posters that the links of the {kind} {build.source} led to."


def _describe_images(settings: Json) -> str:
    """Return how the posters were resized and re-encoded, or that they were not."""
    if not settings["image_size"] and not settings["encode_format"]:
        return f"The image is {COLUMNS['image']}."
    size = " x ".join(map(str, settings["image_size"] or ()))
    resized = f"resized to {size} pixels ({settings['resize_mode']}) and " if size else ""
    return f"The posters were {resized}re-encoded as {settings['encode_format'] or 'jpeg'}."


def _describe_provenance(build: Build, settings: Json) -> Json:
    """Return what the dataset was derived from, and which programs generated it."""
    head = json.loads(build.lock_file.split(b"\n", 1)[0])
    links = {KAGGLE_URL: KAGGLE_PAGE}
    link = links.get(build.source, build.source if "://" in build.source else None)
    of_lock_file = "catalogue of " if build.report.is_from_lock_file else ""
    catalogue = {
        "@type": "prov:Entity",
        "name": f"{of_lock_file}{build.source}",
        "sha256": head["catalogue"],
    }
    return {
        "prov:wasDerivedFrom": catalogue | ({"url": link} if link else {}),
        "prov:wasGeneratedBy": [
            _activity("build", build.options, head[NAME]),
            _activity("export", settings, settings[NAME]),
        ],
    }


def _activity(label: str, options: Any, version: str) -> Json:
    return {
        "@type": "prov:Activity",
        "prov:label": label,
        "description": json.dumps(options),
        "prov:wasAssociatedWith": {
            "@type": "prov:SoftwareAgent",
            "name": NAME,
            "version": version,
        },
    }


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
