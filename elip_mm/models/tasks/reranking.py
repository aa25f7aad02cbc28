# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, all_reduce, get_rank
from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.registry import TASK_UTILS
from elip_mm.structures import TokenState

from .retrieval import (
    DualEncoderRetrieval,
    Predictions,
    collect_targets,
    fill_samples,
)

Rows = Tuple[int, int]


@TASK_UTILS.register_module()
class RerankedRetrieval(DualEncoderRetrieval):
    """Retrieval in two stages: joint features first, then matching.

    The joint features propose ``k_test`` candidates for every query, the
    matching head scores these, and all others rank behind them.

    Processes share the work by images: image tokens, by far the largest of
    all that is kept, never leave the process that made them. The result does
    not depend on the number of processes.

    The model has ``heads['itm']``, ``cross_encode`` and ``stored_text``.

    Args:
        k_test (int): Candidates per query that matching ranks again; 0
            leaves matching out, more than there are means all. Defaults to
            256.
        batch_size (int): Pairs of one pass. Defaults to 256.
        score (str): What ranks them: ``'logit'`` of a match, as published,
            or ``'logit_margin'``, that minus the logit of "no match". Only
            the difference is trained; the logit alone has an offset of its
            own in every pair. Defaults to 'logit'.
        add_similarity (bool): Whether the cosine is added to the score, as
            BLIP does and ALBEF does not. Defaults to False.

    Source: ALBEF, https://arxiv.org/abs/2107.07651, section 5.
    """

    def __init__(
        self,
        k_test: int = 256,
        batch_size: int = 256,
        score: str = 'logit',
        add_similarity: bool = False,
    ) -> None:
        if score not in ('logit', 'logit_margin'):
            raise ValueError(
                "RerankedRetrieval: score must be 'logit' or 'logit_margin', "
                f'but got {score!r}.'
            )
        self.k_test = k_test
        self.batch_size = batch_size
        self.score = score
        self.add_similarity = add_similarity

    def image_features(
        self, model: BaseModel, vision: TokenState
    ) -> Dict[str, Tensor]:
        """Add ``image_tokens (B, M, C)``, which matching looks at."""
        return dict(
            super().image_features(model, vision), image_tokens=vision.tokens
        )

    def text_features(
        self, model: BaseModel, ids: Tensor
    ) -> Dict[str, Tensor]:
        """Add what ``stored_text`` keeps, padded to the context length."""
        # The loop joins batches, which may be padded differently.
        room = model.tokenizer.context_length - ids.shape[1]
        ids = F.pad(ids, (0, room), value=model.tokenizer.pad_id)
        text = model.encode_text(ids)
        return dict(text_feat=text.embedded, **model.stored_text(text))

    def predict_all(
        self,
        model: BaseModel,
        feats: Dict[str, Tensor],
        data_samples: List[DataSample],
        num_images: Optional[int] = None,
        num_texts: Optional[int] = None,
    ) -> Tuple[Predictions, Predictions]:
        """Score every local image with all texts, and the other way round.

        Args:
            model (LanguageImageModel): The model.
            feats (dict[str, Tensor]): Output of :meth:`extract` for the local
                images and their texts, in order of the data set over the
                ranks.
            data_samples (list[DataSample]): The local samples with
                ``gt_text_id`` and ``gt_image_id``.
            num_images (int, optional): Images of the whole set; what samplers
                repeat behind them is left out. Defaults to None, all.
            num_texts (int, optional): Texts of the whole set. Defaults to
                None, all.

        Returns:
            tuple[list[DataSample], list[DataSample]]: One sample per local
            image with scores of all texts, one per local text with scores of
            all images; ``contrastive_score`` is what the joint features alone
            say.
        """
        local = dict(feats)
        tokens = local.pop('image_tokens')
        image, image_rows = _gather(local.pop('image_feat'), num_images)
        texts = {}
        for name, value in local.items():
            texts[name], text_rows = _gather(value, num_texts)
        text = texts['text_feat']

        plain_text = to_text = image[slice(*image_rows)] @ text.t()
        plain_image = to_image = text[slice(*text_rows)] @ image.t()
        if self.k_test:
            pairs = _Pairs(self, model, image, tokens, image_rows, texts)
            to_text = pairs.rank_texts()
            to_image = pairs.rank_images()[slice(*text_rows)]
        targets = collect_targets(data_samples[: len(to_text)])
        return (
            fill_samples(to_text, targets[0], plain_text),
            fill_samples(to_image, targets[1], plain_image),
        )


class _Pairs:
    """Scores of chosen pairs of local images with any texts.

    Args:
        task (RerankedRetrieval): Settings.
        model (BaseModel): The model.
        image (Tensor): Joint features of all images, shape ``(I, E)``.
        tokens (Tensor): Tokens of the local images, shape ``(B, M, C)``.
        image_rows (tuple[int, int]): Which of all images are local.
        texts (dict[str, Tensor]): Features of all texts.
    """

    def __init__(
        self,
        task: 'RerankedRetrieval',
        model: BaseModel,
        image: Tensor,
        tokens: Tensor,
        image_rows: Rows,
        texts: Dict[str, Tensor],
    ) -> None:
        self.task, self.model = task, model
        self.image, self.tokens, self.image_rows = image, tokens, image_rows
        self.text = texts['text_feat']
        self.ids, self.states = texts['text_ids'], texts.get('text_states')

    def rank_texts(self) -> Tensor:
        """Scores of all texts for the local images, shape ``(B, T)``."""
        begin, end = self.image_rows
        chosen = self._propose(self.image[begin:end], self.text)
        queries = torch.arange(begin, end, device=chosen.device)
        queries = queries.unsqueeze(1).expand_as(chosen)
        scores = self._score(queries.flatten(), chosen.flatten())
        return self._spread(scores.view_as(chosen), chosen, len(self.text))

    def rank_images(self) -> Tensor:
        """Scores of all images for all texts, shape ``(T, I)``.

        Every process scores the proposed images that it has.
        """
        chosen = self._propose(self.text, self.image)
        begin, end = self.image_rows
        mine = (chosen >= begin) & (chosen < end)
        queries, columns = mine.nonzero(as_tuple=True)
        scores = self.text.new_full(chosen.shape, float('-inf'))
        scores[queries, columns] = self._score(
            chosen[queries, columns], queries
        ).to(scores.dtype)
        all_reduce(scores, op='max')
        return self._spread(scores, chosen, len(self.image))

    def _propose(self, queries: Tensor, gallery: Tensor) -> Tensor:
        """Best candidates of each query by contrast, ``(Q, k)``."""
        k = min(self.task.k_test, len(gallery))
        # In pieces: all similarities of a large set would take gigabytes.
        best = [
            (part @ gallery.t()).topk(k, dim=1).indices
            for part in queries.split(1024)
        ]
        return torch.cat(best) if best else queries.new_empty(0, k).long()

    def _score(self, images: Tensor, texts: Tensor) -> Tensor:
        """Score pairs, given by positions in the whole set, ``(P,)``."""
        scores = [self.text.new_empty(0)]
        size = self.task.batch_size
        for image, text in zip(images.split(size), texts.split(size)):
            states = self.model.cross_encode(
                self.ids[text],
                None if self.states is None else self.states[text],
                self.tokens[image - self.image_rows[0]],
            )
            logits = self.model.heads['itm'](states)
            score = logits[:, 1]
            if self.task.score == 'logit_margin':
                score = score - logits[:, 0]
            if self.task.add_similarity:
                score = score + (self.image[image] * self.text[text]).sum(1)
            scores.append(score.to(self.text.dtype))
        return torch.cat(scores)

    @staticmethod
    def _spread(scores: Tensor, chosen: Tensor, width: int) -> Tensor:
        """Put scores into their columns; all others rank last."""
        spread = scores.new_full((len(scores), width), float('-inf'))
        return spread.scatter_(1, chosen, scores)


def _gather(rows: Tensor, total: Optional[int]) -> Tuple[Tensor, Rows]:
    """Gather rows of all processes, of which each may have other numbers.

    Args:
        rows (Tensor): Local rows, shape ``(N, ...)``.
        total (int, optional): Rows of the whole set; what comes after them is
            repeated and left out. None takes all.

    Returns:
        tuple[Tensor, tuple[int, int]]: All rows, and which of them are the
        local ones.
    """
    count = torch.tensor([len(rows)], device=rows.device)
    counts = [int(number) for number in all_gather(count)]
    padding = rows.new_zeros(max(counts) - len(rows), *rows.shape[1:])
    gathered = all_gather(torch.cat([rows, padding]))
    everything = torch.cat([r[:n] for r, n in zip(gathered, counts)])[:total]
    begin = min(sum(counts[: get_rank()]), len(everything))
    end = min(begin + len(rows), len(everything))
    return everything, (begin, end)
