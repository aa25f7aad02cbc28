# Copyright (c) elip_mm contributors. All rights reserved.
from typing import Dict, List, Optional, Tuple

from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import Tensor

from elip_mm.registry import TASK_UTILS
from elip_mm.structures import TokenState
from elip_mm.utils.precision import similarity

from .gallery_rows import find_gallery_rows

Predictions = List[DataSample]


@TASK_UTILS.register_module()
class DualEncoderRetrieval:
    """Both directions of retrieval from the joint features of two towers.

    What a model does outside of training is an object like this one; the
    model asks it with itself as the first argument. The interface is that of
    mmpretrain's ``RetrievalValLoop`` and ``RetrievalTestLoop``.
    """

    def encode(self, model: BaseModel, images: Tensor) -> TokenState:
        """Encode images that see no text, reduced if the model says so."""
        reduce = model.reduce_at_test
        hints = model.hints(images) if reduce else None
        return model.encode_image(images, hints, reduce)

    def extract(
        self,
        model: BaseModel,
        images: Tensor,
        data_samples: Optional[List[DataSample]] = None,
    ) -> Dict[str, Tensor]:
        """Features for retrieval; the images never see the captions.

        Args:
            model (LanguageImageModel): The model.
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample], optional): Captions in ``text``.
                Defaults to None: images only.

        Returns:
            dict[str, Tensor]: :meth:`image_features`, such as ``image_feat
            (B, E)``, and for ``T`` captions :meth:`text_features`, such as
            ``text_feat (T, E)``, unit norm.
        """
        features = self.image_features(model, self.encode(model, images))
        if data_samples is not None:
            ids = model.tokenize(data_samples)
            features.update(self.text_features(model, ids))
        return features

    def image_features(
        self, model: BaseModel, vision: TokenState
    ) -> Dict[str, Tensor]:
        """What retrieval keeps of images, one row each."""
        return dict(image_feat=model.embed_image(vision))

    def text_features(
        self, model: BaseModel, ids: Tensor
    ) -> Dict[str, Tensor]:
        """What retrieval keeps of texts, one row each."""
        return dict(text_feat=model.encode_text(ids).embedded)

    def predict(
        self,
        model: BaseModel,
        images: Tensor,
        data_samples: Optional[List[DataSample]] = None,
    ) -> Predictions:
        """Attach image features and provenance to the samples.

        Args:
            model (LanguageImageModel): The model.
            images (Tensor): Shape ``(B, 3, H, W)``.
            data_samples (list[DataSample], optional): Samples to fill.
                Defaults to None, new ones.

        Returns:
            list[DataSample]: With ``image_feat (E,)``, ``owner (P,)`` and
            ``grid``.
        """
        vision = self.encode(model, images)
        samples = data_samples or [DataSample() for _ in images]
        for sample, feature, owner in zip(
            samples, model.embed_image(vision), vision.owner
        ):
            sample.set_field(feature, 'image_feat')
            sample.set_field(owner, 'owner')
            sample.set_field(vision.grid, 'grid')
        return samples

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
            feats (dict[str, Tensor]): ``image_feat (B, E)`` and
                ``text_feat (T, E)`` of this process.
            data_samples (list[DataSample]): The local samples with
                ``gt_text_id`` (columns of the right texts) and
                ``gt_image_id`` (for each caption the right images).
            num_images (int, optional): Images of the whole set. Defaults to
                None, those that are there.
            num_texts (int, optional): Texts of the whole set. Defaults to
                None, those that are there.

        Returns:
            tuple[list[DataSample], list[DataSample]]: One sample per local
            image, with scores of all texts; one per local text, with scores
            of all images; in order of the gallery, and without those that
            another process has too. Scores are float32, their columns follow
            the gallery.
        """
        images, texts = find_gallery_rows(data_samples, num_images, num_texts)
        image = images.gather(feats['image_feat'])
        text = texts.gather(feats['text_feat'])
        text_targets, image_targets = collect_targets(data_samples)
        return (
            fill_samples(
                similarity(image[images.places], text),
                [text_targets[row] for row in images.own],
            ),
            fill_samples(
                similarity(text[texts.places], image),
                [image_targets[row] for row in texts.own],
            ),
        )


def collect_targets(
    data_samples: List[DataSample],
) -> Tuple[List[List[int]], List[List[int]]]:
    """Right answers of a gallery's samples.

    Args:
        data_samples (list[DataSample]): With ``gt_text_id`` and
            ``gt_image_id``.

    Returns:
        tuple[list[list[int]], list[list[int]]]: Columns of the right texts,
        one list per image; columns of the right images, one per text.
    """
    texts, images = [], []
    for sample in data_samples:
        texts.append(sample.get('gt_text_id'))
        images.extend(sample.get('gt_image_id'))
    return texts, images


def fill_samples(
    scores: Tensor,
    targets: List[List[int]],
    contrastive: Optional[Tensor] = None,
) -> Predictions:
    """Pack rows of scores with the columns that are right.

    Args:
        scores (Tensor): One row per query, shape ``(Q, N)``.
        targets (list[list[int]]): Right columns of each query.
        contrastive (Tensor, optional): What the joint features alone say,
            where the scores say more, shape ``(Q, N)``. Defaults to None.

    Returns:
        list[DataSample]: With ``pred_score``, ``gt_label`` and, if there is
        one, ``contrastive_score``.
    """
    samples = []
    for index, (row, target) in enumerate(zip(scores, targets)):
        sample = DataSample().set_pred_score(row).set_gt_label(target)
        if contrastive is not None:
            sample.set_field(contrastive[index], 'contrastive_score')
        samples.append(sample)
    return samples
