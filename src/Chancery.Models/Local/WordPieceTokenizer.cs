using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Chancery.Models;

/// <summary>
/// BERT's tokenizer: text is cleaned, lower-cased and freed of accents where the model wants that, split at white space and
/// punctuation, and each word is cut into the longest pieces that the vocabulary has (Wu et al., 2016, "WordPiece"). Equal to the
/// reference on real text; it does not read special tokens such as <c>[SEP]</c> out of a text, which a document could use to
/// pretend that it ends. Allocates nothing for a single text. Safe for concurrent use.
/// </summary>
public sealed class WordPieceTokenizer
{
    /// <summary>A longer word is unknown as a whole, as in the reference.</summary>
    private const int MaxWordRunes = 100;

    private const int MaxRuneParts = 4;

    // In UTF-16 units, with the two signs before a piece. A file of something else is refused before it fills the memory.
    private const int MostTokenLength = (2 * MaxWordRunes) + 2;
    private const long MostVocabularyBytes = 64 * 1024 * 1024;

    // What an ASCII character is; anything else is looked up.
    private const byte Dropped = 0;
    private const byte Letter = 1;
    private const byte Space = 2;
    private const byte Punctuation = 3;

    private static readonly byte[] AsciiKinds = ClassifyAscii();

    private readonly TokenTrie _starts = new();
    private readonly TokenTrie _continuations = new();
    private readonly bool _lowerCase;
    private readonly int _unknown;
    private readonly int _opens;
    private readonly int _closes;

    /// <param name="vocabulary">Token → id. Pieces that go on with a word begin with <c>##</c>.</param>
    /// <param name="lowerCase">Whether the model was trained on lower case without accents.</param>
    /// <exception cref="LocalModelException">A special token is missing, or this is no vocabulary at all.</exception>
    public WordPieceTokenizer(IEnumerable<KeyValuePair<string, int>> vocabulary, bool lowerCase)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);

        _lowerCase = lowerCase;
        var special = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (token, id) in vocabulary)
        {
            if (token.Length > MostTokenLength)
                throw new LocalModelException("A token is longer than any word: this is no vocabulary.");
            if (token is "[UNK]" or "[CLS]" or "[SEP]")
                special[token] = id;
            else if (token.StartsWith("##", StringComparison.Ordinal) && token.Length > 2)
                _continuations.Add(token.AsSpan(2), id);
            else
                _starts.Add(token, id);
        }

        _unknown = Special("[UNK]");
        _opens = Special("[CLS]");
        _closes = Special("[SEP]");

        int Special(string token) =>
            special.TryGetValue(token, out var id)
                ? id
                : throw new LocalModelException(
                    $"The vocabulary has no {token}: this is no WordPiece vocabulary of BERT."
                );
    }

    /// <summary>Reads <c>tokenizer.json</c> (of a WordPiece model) or <c>vocab.txt</c>.</summary>
    /// <exception cref="LocalModelException">It is neither.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static WordPieceTokenizer Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);

        if (new FileInfo(path) is { Exists: true, Length: > MostVocabularyBytes })
            throw new LocalModelException($"{path} is too large for a vocabulary.");
        if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            return new WordPieceTokenizer(
                File.ReadLines(path).Select((token, id) => KeyValuePair.Create(token, id)),
                lowerCase: true
            );

        try
        {
            using var file = JsonDocument.Parse(File.ReadAllBytes(path));
            var model = file.RootElement.GetProperty("model");
            if (model.TryGetProperty("type", out var type) && type.GetString() is not "WordPiece")
                throw new LocalModelException($"The tokenizer in {path} is {type.GetString()}, not WordPiece.");

            var lowerCase =
                !file.RootElement.TryGetProperty("normalizer", out var normalizer)
                || normalizer.ValueKind is not JsonValueKind.Object
                || !normalizer.TryGetProperty("lowercase", out var lower)
                || lower.ValueKind is JsonValueKind.True;
            return new WordPieceTokenizer(
                model
                    .GetProperty("vocab")
                    .EnumerateObject()
                    .Select(token => KeyValuePair.Create(token.Name, token.Value.GetInt32())),
                lowerCase
            );
        }
        catch (Exception exception)
            when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new LocalModelException($"{path} is no tokenizer file.", exception);
        }
    }

    /// <summary>Tokens of <paramref name="text"/> between the opening and the closing one; what does not fit is cut off.</summary>
    /// <param name="ids">Its length is the most tokens that the model takes, at least 2.</param>
    /// <returns>How many were written.</returns>
    public int Encode(ReadOnlySpan<char> text, Span<int> ids)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ids.Length, 2, nameof(ids));

        ids[0] = _opens;
        var writer = new Pieces(this, ids[1..^1], stackalloc char[MaxWordRunes * 2]);
        Read(text, ref writer);
        ids[writer.Count + 1] = _closes;
        return writer.Count + 2;
    }

    /// <summary>
    /// Two texts as one: the opening token, the first, a closing one, the second, a closing one. Where they do not fit together the
    /// longer is cut off first, as the reference does.
    /// </summary>
    /// <param name="ids">Its length is the most tokens that the model takes, at least 5.</param>
    /// <param name="second">Where the second begins.</param>
    /// <returns>How many were written.</returns>
    public int EncodePair(ReadOnlySpan<char> text, ReadOnlySpan<char> with, Span<int> ids, out int second)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ids.Length, 5, nameof(ids));

        var room = ids.Length - 3;
        var other = new int[room + 2];
        var firstCount = Encode(text, ids[..(room + 2)]) - 2;
        var otherCount = Encode(with, other) - 2;
        if (firstCount + otherCount > room)
        {
            // What the shorter one leaves of its half is the longer one's.
            firstCount = Math.Min(firstCount, Math.Max(room - otherCount, (room + 1) / 2));
            otherCount = Math.Min(otherCount, room - firstCount);
        }

        ids[firstCount + 1] = _closes;
        second = firstCount + 2;
        other.AsSpan(1, otherCount).CopyTo(ids[second..]);
        ids[second + otherCount] = _closes;
        return second + otherCount + 1;
    }

    /// <summary>
    /// How the vocabulary, and so the model that was trained with it, gets on with a text: a language that it does not know breaks
    /// into many pieces, or into none that are known.
    /// </summary>
    /// <param name="text">What goes beyond some 500 pieces is not looked at.</param>
    public TokenFit Fit(ReadOnlySpan<char> text)
    {
        var writer = new Pieces(this, stackalloc int[512], stackalloc char[MaxWordRunes * 2]);
        Read(text, ref writer);
        return writer.Fit;
    }

    private void Read(ReadOnlySpan<char> text, ref Pieces writer)
    {
        while (!text.IsEmpty && !writer.IsFull)
        {
            if (char.IsAscii(text[0]))
            {
                writer.AddAscii(text[0]);
                text = text[1..];
                continue;
            }

            // A lone surrogate reads as the replacement character, which is dropped.
            Rune.DecodeFromUtf16(text, out var rune, out var used);
            text = text[used..];
            Add(ref writer, rune);
        }

        writer.EndWord();
    }

    private void Add(ref Pieces writer, Rune rune)
    {
        if (rune == Rune.ReplacementChar || IsControl(rune))
            return;

        if (Rune.IsWhiteSpace(rune))
        {
            writer.EndWord();
            return;
        }

        var isIdeograph = IsIdeograph(rune.Value);
        if (isIdeograph)
            writer.EndWord();
        if (!_lowerCase)
        {
            writer.Add(rune);
        }
        else
        {
            Span<Rune> stays = stackalloc Rune[MaxRuneParts];
            var count = Accents.Strip(rune, stays);
            foreach (var part in stays[..count])
                writer.Add(Rune.ToLowerInvariant(part));
        }

        if (isIdeograph)
            writer.EndWord();
    }

    private static bool IsControl(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.Surrogate;

    private static bool IsPunctuation(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.ConnectorPunctuation
                or UnicodeCategory.DashPunctuation
                or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation
                or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation
                or UnicodeCategory.OtherPunctuation;

    /// <summary>The blocks of CJK ideographs, each of which is a word of its own.</summary>
    private static bool IsIdeograph(int value) =>
        value
            is >= 0x4E00
                and <= 0x9FFF
                or >= 0x3400
                and <= 0x4DBF
                or >= 0x20000
                and <= 0x2A6DF
                or >= 0x2A700
                and <= 0x2B73F
                or >= 0x2B740
                and <= 0x2B81F
                or >= 0x2B820
                and <= 0x2CEAF
                or >= 0xF900
                and <= 0xFAFF
                or >= 0x2F800
                and <= 0x2FA1F;

    private static byte[] ClassifyAscii()
    {
        var kinds = new byte[128];
        for (var c = '\0'; c < 128; c++)
        {
            kinds[c] =
                c is ' ' or '\t' or '\n' or '\r' ? Space
                : char.IsControl(c) ? Dropped
                : char.IsAsciiLetterOrDigit(c) ? Letter
                : Punctuation;
        }

        return kinds;
    }

    /// <summary>Gathers a word's characters and writes its pieces when it ends.</summary>
    private ref struct Pieces(WordPieceTokenizer tokenizer, Span<int> ids, Span<char> word)
    {
        private readonly Span<int> _ids = ids;
        private readonly Span<char> _word = word;
        private int _length;
        private int _runes;

        private TokenFit _fit;

        public int Count { get; private set; }

        public readonly TokenFit Fit => _fit;

        public readonly bool IsFull => Count == _ids.Length;

        public void AddAscii(char character)
        {
            switch (AsciiKinds[character])
            {
                case Letter:
                    if (_runes++ < MaxWordRunes)
                        _word[_length++] =
                            tokenizer._lowerCase && character is >= 'A' and <= 'Z'
                                ? (char)(character | 0x20)
                                : character;
                    break;
                case Space:
                    EndWord();
                    break;
                case Punctuation:
                    EndWord();
                    _word[0] = character;
                    (_length, _runes) = (1, 1);
                    EndWord();
                    break;
            }
        }

        public void Add(Rune rune)
        {
            var isAlone = rune.IsAscii ? AsciiKinds[rune.Value] is Punctuation : IsPunctuation(rune);
            if (isAlone)
                EndWord();
            if (_runes++ < MaxWordRunes)
                _length += rune.EncodeToUtf16(_word[_length..]);
            if (isAlone)
                EndWord();
        }

        public void EndWord()
        {
            if (_runes == 0)
                return;

            var before = Count;
            var rest = (ReadOnlySpan<char>)_word[.._length];
            var isKnown = _runes <= MaxWordRunes;
            for (var trie = tokenizer._starts; isKnown && !rest.IsEmpty; trie = tokenizer._continuations)
            {
                var id = trie.Longest(rest, out var length);
                isKnown = id >= 0;
                if (isKnown && !IsFull)
                    _ids[Count++] = id;
                rest = rest[length..];
            }

            // A word of which one piece is unknown is unknown as a whole.
            if (!isKnown)
            {
                Count = before;
                if (!IsFull)
                    _ids[Count++] = tokenizer._unknown;
            }

            // Numbers and signs are the same in all languages.
            if (char.IsLetter(_word[0]) || char.IsSurrogate(_word[0]))
                _fit = _fit.With(Count - before, isKnown);
            (_length, _runes) = (0, 0);
        }
    }
}
