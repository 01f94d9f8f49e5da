"""Labels made from a map of classes."""

import torch

from mtlc.data.derive import borders, foreground


def test_foreground_is_every_class_but_the_background() -> None:
    classes = torch.tensor([[0, 1, 255], [2, 0, 3]])
    assert foreground(classes, (0,)).tolist() == [[[0, 1, 255], [1, 0, 1]]]
    assert foreground(classes, (0, 2)).tolist() == [[[0, 1, 255], [0, 0, 1]]]


def test_a_border_is_one_pixel_dilated_three_by_three() -> None:
    classes = torch.zeros(4, 7, dtype=torch.int64)
    classes[:, 4:] = 1
    assert borders(classes).tolist() == [[[0, 0, 1, 1, 1, 0, 0]] * 4]
    assert borders(classes.T).tolist() == borders(classes).transpose(1, 2).tolist()


def test_one_class_has_no_border() -> None:
    assert borders(torch.full((3, 3), 4)).sum() == 0


def test_an_ignored_pixel_has_no_border_and_stays_ignored() -> None:
    classes = torch.zeros(1, 6, dtype=torch.int64)
    classes[0, 3] = 255
    assert borders(classes).tolist() == [[[0, 0, 0, 255, 0, 0]]]
