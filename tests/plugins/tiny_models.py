"""Language models of a few thousand weights, drawn by seed, in folders as Hugging Face's libraries write them."""

import json

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
)

WORDS = [
    "red",
    "blue",
    "green",
    "shoes",
    "hat",
    "wool",
    "socks",
    "tea",
    "coffee",
    "chess",
    "set",
    "two",
    "of",
    "the",
    "and",
    "a",
]
SIZES = {"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
PLACES = 12


def tokenizer(folder, marks=True):
    """Words as tokens; with `marks` each text stands between [CLS] and [SEP]."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = Tokenizer(models.WordLevel({word: n for n, word in enumerate([*special, *WORDS])}, unk_token="[UNK]"))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    names = {"unk_token": "[UNK]"}
    if marks:
        words.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        names |= {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=words, **names).save_pretrained(folder)


def bert(folder):
    torch.manual_seed(0)
    BertForMaskedLM(BertConfig(**SIZES, intermediate_size=32, max_position_embeddings=PLACES)).save_pretrained(folder)
    tokenizer(folder)
    return str(folder)


def roberta(folder):
    torch.manual_seed(1)
    places = {"max_position_embeddings": PLACES + 2, "pad_token_id": 1}
    RobertaModel(RobertaConfig(**SIZES, intermediate_size=32, **places)).save_pretrained(folder)
    tokenizer(folder)
    return str(folder)


def gpt(folder):
    torch.manual_seed(2)
    config = GPT2Config(vocab_size=40, n_embd=16, n_layer=2, n_head=2, n_positions=PLACES)
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer(folder, marks=False)
    return str(folder)


def t5(folder):
    torch.manual_seed(3)
    T5Model(T5Config(vocab_size=40, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2)).save_pretrained(folder)
    tokenizer(folder)
    return str(folder)


def sentence_bert(folder, pooling, after=("Normalize",), max_tokens=6, lower=False):
    """A sentence-transformers folder around `bert`; pooling: its ``1_Pooling/config.json``."""
    bert(folder)
    types = ["Transformer", "Pooling", *after]
    modules = [
        {"idx": n, "name": str(n), "path": f"{n}_{kind}" if n else "", "type": f"sentence_transformers.models.{kind}"}
        for n, kind in enumerate(types)
    ]
    write(folder / "modules.json", modules)
    write(folder / "sentence_bert_config.json", {"max_seq_length": max_tokens, "do_lower_case": lower})
    write(folder / "1_Pooling" / "config.json", pooling)
    return str(folder)


def write(path, value):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value))
