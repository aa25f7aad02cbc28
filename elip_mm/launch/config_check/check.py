# Copyright (c) elip_mm contributors. All rights reserved.
"""Check a whole config, without building anything."""

from typing import Any, List, Mapping, Optional, Set

from mmengine.config import Config
from mmengine.registry import DefaultScope

from ..setup_env import register_all_modules
from .findings import Finding, Report
from .fit import check_fit
from .names import nearest
from .sections import check_section, known_names
from .sense import check_sense
from .sources import Source, locate, names_read, read_sources

__all__ = ['ConfigMistakes', 'check_config', 'find_mistakes']

# How alike a name at the top must be to a known one to count as misspelt.
_ALIKE = 0.8


class ConfigMistakes(ValueError):
    """A config has mistakes; the message names all of them."""


def check_config(
    cfg: Config, options: Optional[Mapping[str, Any]] = None
) -> None:
    """Raise an error that names all mistakes in a config.

    Nothing is built, and no data are touched.

    Args:
        cfg (Config): The config, with ``options`` applied.
        options (dict, optional): What ``--cfg-options`` changed. Defaults to
            None.

    Raises:
        ConfigMistakes: If there are any.
    """
    found = find_mistakes(cfg, options)
    if not found:
        return
    sources = read_sources(cfg.filename) if cfg.filename else []
    lines = [_line_of(finding, sources, options) for finding in found]
    if len(lines) == 1:
        raise ConfigMistakes(lines[0])
    name = cfg.filename or 'the config'
    raise ConfigMistakes(
        '\n  '.join([f'{name} has {len(lines)} mistakes:', *lines])
    )


def find_mistakes(
    cfg: Config, options: Optional[Mapping[str, Any]] = None
) -> List[Finding]:
    """Find keys that nothing reads, and values that make no sense.

    Args:
        cfg (Config): The config, with ``options`` applied.
        options (dict, optional): What ``--cfg-options`` changed. Defaults to
            None.

    Returns:
        list[Finding]: All mistakes, in the order of the config.
    """
    register_all_modules(init_default_scope=False)
    report = Report()
    scope = cfg.get('default_scope') or 'elip_mm'
    with DefaultScope.overwrite_default_scope(scope):
        _check_top(cfg, options or {}, report)
        for name, value in cfg.items():
            check_section(name, value, report)
        check_sense(cfg, report)
        check_fit(cfg, report)
    left_alone = [tuple(k.split('.')) for k in cfg.get('unchecked') or []]
    return [
        finding
        for finding in report.findings
        if not any(finding.path[: len(k)] == k for k in left_alone)
    ]


def _check_top(
    cfg: Config, options: Mapping[str, Any], report: Report
) -> None:
    """Tell settings that are misspelt from variables of one's own.

    A name that no file reads and that is much like a setting is misspelt. On
    the command line a variable has no effect: the files were read before.
    """
    known = known_names()
    given = {option.split('.')[0] for option in options}
    sources = read_sources(cfg.filename) if cfg.filename else []
    read = names_read(sources)
    imported: Set[str] = getattr(cfg, '_imported_names', set())
    for name in cfg:
        if name in known or name in imported:
            continue
        close = nearest(name, known, cutoff=_ALIKE)
        guess = f'; did you mean {close}?' if close else ''
        if name in given:
            report.add(
                (name,),
                'is no setting, and a variable of the config files does '
                'nothing on the command line, for they have been read by '
                f'then{guess or "; set what is made of it."}',
            )
        elif close and name not in read:
            report.add((name,), f'is no setting, and nothing reads it{guess}')


def _line_of(
    finding: Finding,
    sources: List[Source],
    options: Optional[Mapping[str, Any]],
) -> str:
    where = locate(finding.path, sources, options)
    place = f' ({where})' if where else ''
    return f'{finding.key}{place}: {finding.text}'
