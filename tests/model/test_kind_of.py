import numpy as np
import pytest
from safetensors.numpy import save

import visnmf
from visnmf.errors import ModelFormatError, ModelNotFoundError
from visnmf.model.modelfile import kind_of


def test_a_file_says_what_it_is(tmp_path):
    model, encoder, other, plain = (tmp_path / f"{name}.safetensors" for name in "meop")
    visnmf.Model(np.eye(4), visnmf.ImageLayout(2, 2)).save(model)
    pictures = np.random.default_rng(0).random((3, 9, 9))
    visnmf.PatchEncoder(3, patch_size=3, max_iter=1).fit(pictures).save(encoder)
    arrays = {"a": np.ones(2, np.float32)}
    other.write_bytes(save(arrays, metadata={"format": "pt"}))
    plain.write_bytes(save(arrays))
    kinds = [kind_of(path) for path in (model, encoder, other, plain)]
    assert kinds == ["visnmf-model", "visnmf-patch-encoder", "pt", ""]


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"a page of text, no tensors", (2**60).to_bytes(8, "little") + b"{}",
     (2).to_bytes(8, "little") + b"[]", (4).to_bytes(8, "little") + b"\xff\xfe\x00{"],
)  # fmt: skip
def test_what_is_no_safetensors_file_is_refused(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFormatError, match=r"x\.safetensors"):
        kind_of(path)


def test_there_is_no_such_file(tmp_path):
    with pytest.raises(ModelNotFoundError):
        kind_of(tmp_path / "none.safetensors")
    with pytest.raises(ModelFormatError, match="is not a file"):
        kind_of(tmp_path)
