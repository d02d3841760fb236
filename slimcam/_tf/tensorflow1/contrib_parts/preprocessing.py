"""tf.contrib.learn.preprocessing: texts as numbers of words, and categories as numbers."""

import collections
import pickle
import re
import sys
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional

import numpy as np

from ...core import tf1

WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|['\w-]+")


def tokenizer(iterator: Iterable[str]) -> Iterator[List[str]]:
    """Yield the words of each text: runs of letters, digits, ' and -, parted before a capital within one."""
    for text in iterator:
        yield WORD.findall(text)


class CategoricalVocabulary:
    """Numbers of categories in the order in which they came, 0 for those that are unknown."""

    def __init__(self, unknown_token: str = "<UNK>", support_reverse: bool = True) -> None:
        self._unknown_token, self._support_reverse = unknown_token, support_reverse
        self._frozen = False
        self._freq: Dict[Any, int] = collections.defaultdict(int)
        self._number([])

    def _number(self, categories: List[Any]) -> None:
        self._reverse_mapping = [self._unknown_token, *categories]
        self._mapping = {category: number for number, category in enumerate(self._reverse_mapping)}

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """Let what is unknown stay unknown, or no longer."""
        self._frozen = freeze

    def get(self, category: Any) -> int:
        """Return the number of a category, a new one where it is unknown and the vocabulary is not frozen."""
        if category not in self._mapping:
            if self._frozen:
                return 0
            self._mapping[category] = len(self._mapping)
            self._reverse_mapping.append(category)
        return self._mapping[category]

    def add(self, category: Any, count: int = 1) -> None:
        """Count a category that came `count` times."""
        if self.get(category) > 0:
            self._freq[category] += count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Keep what came more than `min_frequency` and less than `max_frequency` times, the most frequent first."""
        by_name = sorted(self._freq.items(), key=lambda item: (isinstance(item[0], str), item[0]))
        kept = [
            (category, count)
            for category, count in sorted(by_name, key=lambda item: item[1], reverse=True)
            if count > min_frequency and not 0 < max_frequency <= count
        ]
        self._freq = collections.defaultdict(int, kept)
        self._number([category for category, _ in kept])

    def reverse(self, class_id: int) -> Any:
        """Return the category of a number."""
        if not self._support_reverse:
            raise ValueError("This vocabulary wasn't initialized with support_reverse to support reverse() function.")
        return self._reverse_mapping[class_id]


class VocabularyProcessor:
    """Texts as rows of `max_document_length` numbers of words, int64, with 0 after their end."""

    def __init__(
        self,
        max_document_length: int,
        min_frequency: int = 0,
        vocabulary: Any = None,
        tokenizer_fn: Optional[Callable[..., Any]] = None,
    ) -> None:
        self.max_document_length, self.min_frequency = max_document_length, min_frequency
        self.vocabulary_ = vocabulary or CategoricalVocabulary()
        self._tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Any, unused_y: Any = None) -> "VocabularyProcessor":
        """Count the words of texts, drop the rare ones and freeze the vocabulary."""
        for words in self._tokenizer(raw_documents):
            for word in words:
                self.vocabulary_.add(word)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(self, raw_documents: Any, unused_y: Any = None) -> Iterator[np.ndarray]:
        """Fit, then transform."""
        self.fit(raw_documents)
        return self.transform(raw_documents)

    def transform(self, raw_documents: Any) -> Iterator[np.ndarray]:
        """Yield the row of each text."""
        for words in self._tokenizer(raw_documents):
            row = np.zeros(self.max_document_length, np.int64)
            numbers = [self.vocabulary_.get(word) for word in words[: self.max_document_length]]
            row[: len(numbers)] = numbers
            yield row

    def reverse(self, documents: Any) -> Iterator[str]:
        """Yield the text of each row, its words with one space between them."""
        for row in documents:
            yield " ".join(self.vocabulary_.reverse(number) for number in row)

    def save(self, filename: str) -> None:
        """Write this, pickled, to a file."""
        with tf1.gfile.Open(filename, "wb") as file:
            file.write(pickle.dumps(self))

    @classmethod
    def restore(cls, filename: str) -> "VocabularyProcessor":
        """Return what `save` wrote."""
        with tf1.gfile.Open(filename, "rb") as file:
            saved: VocabularyProcessor = pickle.loads(file.read())
        return saved


text = categorical_vocabulary = sys.modules[__name__]  # the private paths below it
