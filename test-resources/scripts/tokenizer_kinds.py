"""Small tokenizers of ten kinds, and what Python's tokenizers make of some texts.

Usage: tokenizer_kinds.py OUT [CHARSMAP]
OUT gets KIND/tokenizer.json and KIND/golden.json. CHARSMAP is a file with the precompiled map of a
SentencePiece model, for the kind "unigram"; without it that kind keeps the map of the folder.
"""
import base64
import json
import pathlib
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXT = ("The quick brown fox jumps over the lazy dog. It ran 12 miles, then 34 more; nobody knew why. "
        "Rain fell on the hills and the river rose. A small boat, red as a berry, drifted by the mill. "
        "\"Come in,\" she said, \"the soup is hot.\" He shook his head and walked on into the dark wood. "
        "Nowhere was the river's water colder than there, and they'd never seen so many foxes.\n")
TEXTS = [
    "The quick brown fox.", " leading and trailing ", "two  spaces\n\nnew lines\t\ttabs \r\n end",
    "it's they'LL we've I'm", "12345 6.7e8 1,000", "Ünïcödé ñ e\u0301 \ufb01 \u2122 \u00bd", "日本語 한국어 \U0001F600\u200d\U0001F9D1",
    "a<|endoftext|>b [PAD] <s> </s> <mask> xyz", "foo_bar(x)[1]={};", "", "\n", "   ", "UPPER lower MiXeD", "\x00\x07 \u200b\ufeff",
    TEXT * 3, "river" * 40, "A\u00a0b\u3000c\u2028d",
]
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = GPT4.replace(r"\p{N}{1,3}", r"\p{N}")
EOT = "<|endoftext|>"


def byte_level(pre, normalizer=None, special=(EOT,), **bpe):
    tok = Tokenizer(models.BPE(**bpe))
    tok.pre_tokenizer, tok.decoder = pre, decoders.ByteLevel()
    if normalizer:
        tok.normalizer = normalizer
    tok.train_from_iterator([TEXT], trainers.BpeTrainer(
        vocab_size=330, special_tokens=list(special), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False))
    return tok


def split(regex):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(regex), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def llama2():
    tok = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                     decoders.Strip(" ", 1, 0)])
    tok.train_from_iterator(TEXT.split(), trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)], show_progress=False))
    j = json.loads(tok.to_str())
    j["added_tokens"] = [t for t in j["added_tokens"] if not t["content"].startswith("<0x")]
    return Tokenizer.from_str(json.dumps(j))


def bert():
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tok.normalizer, tok.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tok.decoder = decoders.WordPiece()
    tok.train_from_iterator([TEXT], trainers.WordPieceTrainer(
        vocab_size=220, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    return tok


def unigram(charsmap):
    tok = Tokenizer(models.Unigram())
    tok.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
    tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tok.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tok.train_from_iterator([TEXT], trainers.UnigramTrainer(
        vocab_size=90, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    return tok


def words():
    tok = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tok.pre_tokenizer = pre_tokenizers.Whitespace()
    tok.train_from_iterator([TEXT], trainers.WordLevelTrainer(special_tokens=["[UNK]", "[PAD]"], show_progress=False))
    return tok


def chars():
    tok = Tokenizer(models.BPE(unk_token="<unk>"))
    tok.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(),
                                                 pre_tokenizers.Digits(individual_digits=True)])
    tok.decoder = decoders.BPEDecoder()
    tok.train_from_iterator([TEXT], trainers.BpeTrainer(
        vocab_size=150, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False))
    j = json.loads(tok.to_str())
    j["model"]["end_of_word_suffix"] = "</w>"
    return Tokenizer.from_str(json.dumps(j))


def many():
    tok = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False))
    tok.add_tokens([AddedToken("<mask>", lstrip=True, special=True), AddedToken("xyz", single_word=True),
                    AddedToken(" end", normalized=True)] + [AddedToken(f"[unused{i}]") for i in range(40)])
    tok.add_special_tokens(["[PAD]", AddedToken("</s>", rstrip=True, special=True), "<s>"])
    return tok


def main():
    out = pathlib.Path(sys.argv[1])
    charsmap = pathlib.Path(sys.argv[2]).read_bytes() if len(sys.argv) > 2 else base64.b64decode(
        json.loads((out / "unigram/tokenizer.json").read_text())["normalizer"]["normalizers"][0]["precompiled_charsmap"])
    kinds = {
        "gpt2": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)),
        "neox": byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.NFC()),
        "llama2": llama2(),
        "llama3": byte_level(split(GPT4), ignore_merges=True),
        "qwen": byte_level(split(QWEN), normalizers.NFC()),
        "bert": bert(), "unigram": unigram(charsmap), "words": words(), "chars": chars(), "many": many(),
    }
    for name, tok in kinds.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.json").write_text(json.dumps(json.loads(tok.to_str()), ensure_ascii=False))
        tok = Tokenizer.from_file(str(folder / "tokenizer.json"))
        ids = [tok.encode(t, add_special_tokens=False).ids for t in TEXTS]
        golden = {
            "texts": TEXTS, "ids": ids, "decoded": [tok.decode(i, skip_special_tokens=False) for i in ids],
            "tokens": [tok.decode([i], skip_special_tokens=False) for i in range(tok.get_vocab_size())],
        }
        (folder / "golden.json").write_text(json.dumps(golden))


if __name__ == "__main__":
    main()
