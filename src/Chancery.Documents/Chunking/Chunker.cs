using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Documents;

/// <summary>
/// Cuts pages into chunks along their structure. A chunk never crosses a page, so an edit on one page changes that page's
/// chunks only (and, where it changes a heading, the hashes of what stands under it). Safe for concurrent use.
/// </summary>
public sealed class Chunker
{
    // Raise it when the same page would be cut or hashed otherwise: all chunks are then new.
    private static readonly byte[] HashPrefix = "chancery-chunk-1\0"u8.ToArray();

    /// <summary>A section shorter than this does not get a chunk of its own: too little to be found by.</summary>
    private const int MinSectionTokens = 40;

    private readonly ChunkingOptions _options;

    public Chunker(ChunkingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxTokens, 32, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxTokens, 4096, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.OverlapTokens, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.OverlapTokens, options.MaxTokens / 2, nameof(options));
        _options = options;
    }

    /// <summary>Streams: holds one page, and sixteen bytes of hash a chunk for <see cref="Chunk.Occurrence"/>.</summary>
    /// <param name="pages">From the document's first, in order: headings are carried from page to page.</param>
    public IEnumerable<Chunk> Cut(IEnumerable<DocumentPage> pages)
    {
        ArgumentNullException.ThrowIfNull(pages);

        var cutting = Begin();
        return pages.SelectMany(cutting.Cut);
    }

    /// <summary>For pages that come a few at a time. One for each document; not for concurrent use.</summary>
    public Cutting Begin() => new(this);

    /// <summary>A document that is being cut.</summary>
    public sealed class Cutting
    {
        private readonly Chunker _chunker;
        private readonly HeadingTrail _trail = new();
        private readonly TableHeads _heads = new();
        private readonly Dictionary<UInt128, int> _seen = [];

        internal Cutting(Chunker chunker) => _chunker = chunker;

        /// <param name="page">The next one: headings are carried from page to page.</param>
        public IEnumerable<Chunk> Cut(DocumentPage page)
        {
            ArgumentNullException.ThrowIfNull(page);

            foreach (var (span, path) in _chunker.CutPage(page, _trail, _heads))
            {
                var text = page.Text[span.Start..span.End];
                var hash = HashOf(path, text);
                var key = BinaryPrimitives.ReadUInt128BigEndian(hash);
                var occurrence = _seen.GetValueOrDefault(key);
                _seen[key] = occurrence + 1;
                yield return new Chunk(
                    occurrence,
                    text,
                    path,
                    page.Number,
                    span.Start,
                    span.End,
                    hash,
                    TokenEstimate.Of(text)
                )
                {
                    Place = PlaceOf(page, span),
                };
            }
        }
    }

    private static string? PlaceOf(DocumentPage page, TextSpan span)
    {
        var place = BlockPlaces.Of(page.Text, page.Blocks, span.Start, span.End);
        return page.Label is null || place is null ? page.Label ?? place : $"{page.Label}, {place}";
    }

    private IEnumerable<(TextSpan Span, string Path)> CutPage(DocumentPage page, HeadingTrail trail, TableHeads heads)
    {
        var draft = new Draft(page, trail.Path);
        foreach (var piece in PagePieces.Of(page, _options.MaxTokens, heads))
        {
            var opensSection = piece.IsHeading && draft.BodyTokens >= MinSectionTokens;
            // A heading stays with what it announces, even where both are a little too long together.
            var room = draft.BodyTokens == 0 ? _options.MaxTokens * 5 / 4 : _options.MaxTokens;
            if (!draft.IsEmpty && (opensSection || draft.Tokens + piece.Tokens > room))
            {
                if (draft.IsWorthKeeping)
                {
                    yield return (draft.Span, draft.Path);
                }

                var overlap = piece.IsHeading ? null : OverlapOf(draft, piece);
                draft = new Draft(page, trail.Path);
                if (overlap is { } repeated)
                {
                    draft.Add(repeated);
                }
            }

            if (piece.IsHeading)
            {
                trail.Enter(piece.Level, page.Text.AsSpan(piece.Start, piece.End - piece.Start));
                if (draft.BodyTokens == 0)
                {
                    draft.Path = trail.Path;
                }
            }

            draft.Add(piece);
        }

        if (draft.IsWorthKeeping)
        {
            yield return (draft.Span, draft.Path);
        }
    }

    /// <summary>The last sentence of what was cut, where it is short enough and leaves room for what follows.</summary>
    private Piece? OverlapOf(Draft draft, Piece next)
    {
        if (draft.Last is not { IsProse: true } last || _options.OverlapTokens == 0)
        {
            return null;
        }

        var sentence = Sentences.Split(draft.Page.Text, last.Start, last.End)[^1];
        var tokens = TokenEstimate.Of(draft.Page.Text.AsSpan(sentence.Start, sentence.Length));
        // Starting where the draft started would repeat all of it.
        return
            tokens <= _options.OverlapTokens
            && tokens + next.Tokens <= _options.MaxTokens
            && sentence.Start > draft.Span.Start
            ? new Piece(sentence.Start, sentence.End, tokens, false, true, 0)
            : null;
    }

    private static byte[] HashOf(string path, string text)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(HashPrefix);
        Span<byte> length = stackalloc byte[4];
        var pathBytes = Encoding.UTF8.GetBytes(path);
        BinaryPrimitives.WriteInt32LittleEndian(length, pathBytes.Length);
        hash.AppendData(length);
        hash.AppendData(pathBytes);
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        return hash.GetHashAndReset();
    }

    private sealed class Draft(DocumentPage page, string path)
    {
        private int _start = -1;
        private int _end;

        public DocumentPage Page => page;

        public string Path { get; set; } = path;

        public int Tokens { get; private set; }

        /// <summary>Without headings.</summary>
        public int BodyTokens { get; private set; }

        public Piece? Last { get; private set; }

        public bool IsEmpty => _start < 0;

        public TextSpan Span => new(_start, _end);

        /// <summary>A lone page number or rule says nothing.</summary>
        public bool IsWorthKeeping
        {
            get
            {
                if (IsEmpty)
                {
                    return false;
                }

                foreach (var character in page.Text.AsSpan(_start, _end - _start))
                {
                    if (char.IsLetter(character))
                    {
                        return true;
                    }
                }

                return Tokens > 3;
            }
        }

        public void Add(Piece piece)
        {
            if (IsEmpty)
            {
                _start = piece.Start;
                Path = piece.Columns is { } columns ? HeadingTrail.Join(Path, columns) : Path;
            }

            _end = piece.End;
            Tokens += piece.Tokens;
            BodyTokens += piece.IsHeading ? 0 : piece.Tokens;
            Last = piece;
        }
    }
}
