namespace Chancery.Documents;

/// <summary>
/// Cuts a text without pages into parts of some 4,000 to 8,000 characters. Where a part ends is decided by the content around
/// that place, so that an insertion changes the parts near it and not all that follow.
/// </summary>
internal static class TextParts
{
    private const int MinLength = 4000;
    private const int MaxLength = 8000;

    /// <summary>One possible end in this many is taken once a part is long enough.</summary>
    private const uint CutOneIn = 4;
    private const int MaxAtomLength = 1000;

    public static IEnumerable<ChildReply.Page> Cut(string text, IReadOnlyList<TextBlock> blocks)
    {
        var number = 1;
        var part = new List<TextBlock>();
        foreach (var atom in blocks.SelectMany(block => Atoms(text, block)))
        {
            if (part.Count > 0 && EndsBefore(text, part[0].Start, atom))
            {
                yield return Page(number++, text, part);
                part.Clear();
            }

            // Pieces of one block that stay together are one block again.
            if (part.Count > 0 && atom.Continues)
            {
                part[^1] = part[^1] with { Length = atom.Block.End - part[^1].Start };
            }
            else
            {
                part.Add(atom.Block);
            }
        }

        if (part.Count > 0)
        {
            yield return Page(number, text, part);
        }
    }

    private static bool EndsBefore(string text, int start, Atom atom)
    {
        var length = atom.Block.Start - start;
        return atom.Block.End - start > MaxLength
            || (
                length >= MinLength
                && (
                    atom.Block is { Kind: BlockKind.Heading, Level: <= 3 }
                    || Fingerprint(text.AsSpan(atom.Block.Start, atom.Block.Length)) % CutOneIn == 0
                )
            );
    }

    private static ChildReply.Page Page(int number, string text, List<TextBlock> part)
    {
        var (start, end) = (part[0].Start, part[^1].End);
        return ChildReply.Page.Of(number, text[start..end], part, start);
    }

    /// <summary>A block, or where it is long its lines or sentences, or where they are long pieces of them.</summary>
    private static IEnumerable<Atom> Atoms(string text, TextBlock block)
    {
        if (block.Length <= MaxAtomLength)
        {
            yield return new Atom(block, false);
            yield break;
        }

        var spans = block.Kind is BlockKind.Table or BlockKind.Code
            ? PagePieces.Lines(text, new TextSpan(block.Start, block.End))
            : Sentences.Split(text, block.Start, block.End);
        var continues = false;
        var row = 0;
        var counted = block.Start;
        foreach (var span in spans)
        {
            row += text.AsSpan(counted, span.Start - counted).Count('\n');
            counted = span.Start;
            for (var start = span.Start; start < span.End; )
            {
                var end = EndOfPiece(text, start, span.End);
                var piece = block with { Start = start, Length = end - start };
                yield return new Atom(block.Row == 0 ? piece : piece with { Row = block.Row + row }, continues);
                continues = true;
                start = end;
                while (start < span.End && char.IsWhiteSpace(text[start]))
                {
                    start++;
                }
            }
        }
    }

    private static int EndOfPiece(string text, int start, int end)
    {
        if (end - start <= MaxAtomLength)
        {
            return end;
        }

        var limit = start + MaxAtomLength;
        var space = text.LastIndexOfAny([' ', '\t', '\n'], limit - 1, MaxAtomLength / 2);
        end = space > start ? space : limit;
        return char.IsHighSurrogate(text[end - 1]) ? end - 1 : end;
    }

    // FNV-1a: must give the same number in every process and version.
    public static uint Fingerprint(ReadOnlySpan<char> text)
    {
        var hash = 2166136261u;
        foreach (var character in text[..Math.Min(text.Length, 200)])
        {
            hash = (hash ^ character) * 16777619u;
        }

        return hash ^ (hash >> 16);
    }

    /// <param name="Continues">Goes on with the block of the atom before.</param>
    private readonly record struct Atom(TextBlock Block, bool Continues);
}
