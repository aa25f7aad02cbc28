# Copyright (c) elip_mm contributors. All rights reserved.
"""Every relative link leads somewhere."""

import re
from pathlib import Path

import pytest

from . import DOCS, ROOT, pages

LINK = re.compile(r'\]\(([^)\s]+)\)')
# A path into the documentation that stands in code, a config or a message.
MENTION = re.compile(r'docs/en/[\w/.-]*\w')
TEXTS = [
    *sorted(ROOT.glob('*.md')),
    *sorted(ROOT.glob('configs/**/*.md')),
    *pages(),
]


def anchors(text):
    """Names under which the headings of a page can be linked to."""
    text = re.sub(r'^```.*?^```', '', text, flags=re.M | re.S)
    for heading in re.findall(r'^#+ (.*)$', text, re.M):
        kept = re.sub(r'[^\w\- ]', '', heading.strip().lower())
        yield kept.replace(' ', '-')


def broken(path, text):
    """Relative links of a page that lead nowhere.

    Args:
        path (Path): The page.
        text (str): Its content.
    """
    for link in LINK.findall(text):
        if '://' in link or link.startswith('mailto:'):
            continue
        target, _, anchor = link.partition('#')
        file = (path.parent / target).resolve() if target else path
        if not file.exists():
            yield link
        elif anchor and anchor not in set(anchors(file.read_text())):
            yield link


@pytest.mark.parametrize(
    'path', TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_links_lead_somewhere(path):
    assert list(broken(path, path.read_text())) == []


@pytest.mark.parametrize('path', pages(), ids=lambda path: path.name)
def test_pages_link_to_pages_alone(path):
    # The site holds these and no other files of the repository.
    for link in LINK.findall(path.read_text()):
        target = link.partition('#')[0]
        if target and '://' not in target:
            assert DOCS in (path.parent / target).resolve().parents, link


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for path in pages():
        for tree in re.findall(
            r'```{toctree}\n(.*?)```', path.read_text(), re.S
        ):
            for name in tree.split('\n'):
                if name and not name.startswith(':'):
                    listed.add(f'{(path.parent / name).relative_to(DOCS)}.md')
    found = {path.relative_to(DOCS).as_posix() for path in pages()}
    assert found - {'index.md'} == listed - {'api/generated/*.md'}


# What a person wrote; beside it lie data, and what a run of the tests leaves.
TEXT = {'.cfg', '.cff', '.ini', '.md', '.py', '.sh', '.toml', '.txt', '.yml'}


def test_mentions_in_code_lead_somewhere():
    files = [
        path
        for folder in ('elip_mm', 'configs', 'tools', 'tests', '.github')
        for path in (ROOT / folder).rglob('*.*')
        if '.mim' not in path.parts
    ]
    wrong = [
        f'{path.relative_to(ROOT)}: {mention}'
        for path in [*files, *ROOT.glob('*.*'), ROOT / 'Makefile']
        if path.name == 'Makefile' or path.suffix in TEXT
        for mention in MENTION.findall(path.read_text())
        if not (ROOT / mention).exists() and 'generated' not in mention
    ]
    assert not wrong, '\n'.join(wrong)


# A path of the repository that stands in a text or a command.
FILE = re.compile(
    r'(?<![\w/.}])((?:configs|tests|tools|requirements)/[\w/.-]*\w\.\w+)'
)


@pytest.mark.parametrize('path', TEXTS, ids=lambda path: path.name)
def test_files_that_pages_name_exist(path):
    text = path.read_text()
    if path.name == 'CHANGELOG.md':
        text = text.partition('### Settings to rename')[0]
    # Examples may end in dots, and name what the reader is to write.
    missing = [
        name
        for name in FILE.findall(text)
        if not (ROOT / name).exists()
        and '....' not in name
        and '<' not in name
    ]
    assert missing == []


@pytest.mark.parametrize(
    'link, is_broken',
    [
        ('other.md', False),
        ('other.md#how-large-is-it-really', False),
        ('#here', False),
        ('https://somewhere.org/x', False),
        ('gone.md', True),
        ('other.md#gone', True),
        ('#code', True),
    ],
)
def test_what_leads_nowhere_is_found(tmp_path: Path, link, is_broken):
    (tmp_path / 'other.md').write_text('# How large is it, *really*?\n')
    text = f'## Here\n```shell\n# code\n```\n[text]({link})\n'
    page = tmp_path / 'page.md'
    page.write_text(text)
    assert list(broken(page, text)) == ([link] if is_broken else [])
