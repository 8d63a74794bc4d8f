using System.Buffers;

namespace Chancery.Search;

/// <summary>
/// Cuts text into sentences, list items and table rows. Linear in the text, never throws. Nothing is lost: the spans are in
/// order, do not overlap, and only white space stands outside of them.
/// </summary>
public static class Sentences
{
    private static readonly SearchValues<char> Stops = SearchValues.Create(".!?…。！？；;\n\r\u2028\u2029");
    private static readonly SearchValues<char> SectionNumber = SearchValues.Create("0123456789.");
    private static readonly SearchValues<char> RomanNumeral = SearchValues.Create("ivxIVX");
    private static readonly SearchValues<char> Bullets = SearchValues.Create("-*•‣▪–·●");
    private static readonly SearchValues<char> Closers = SearchValues.Create("\"'”’»)]}」』）】");

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> NeverLast = Set(
        """
        e.g i.e cf vs v viz mr mrs ms dr prof st sen rep gov gen col lt capt sgt rev hon mt ft fig figs tab eq eqs sec art
        arts para paras ch chap vol ed eds trans pp p no nos nr approx ca c resp incl excl al dept univ assn bros z.b d.h
        u.a bzw vgl abs ziff lit buchst rn rdnr ggf evtl inkl exkl zzgl bspw sog hrsg sr sra ud lic pág núm
        """
    );

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> SometimesLast = Set(
        """
        inc ltd corp co llc plc etc jr u.s u.k u.n e.u d.c a.m p.m b.c a.d usw jan feb mar apr jun jul aug sep sept oct
        nov dec mio mrd tsd str ph.d m.d b.a m.a
        """
    );

    /// <summary>A word that opens a sentence, and seldom goes on after an abbreviation.</summary>
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Openers = Set(
        """
        the a an this that these those it its he she they we you i his her their our in on at by for from with as if when
        while after before since during however but and or so there here what who why how where which some many most all
        both each no not although because despite under over such one two der die das ein eine er sie es el la los las
        """
    );

    private const int MaxHeading = 160;
    private const int MaxHeadingWords = 14;

    private static HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(string words) =>
        new HashSet<string>(
            words.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries),
            StringComparer.OrdinalIgnoreCase
        ).GetAlternateLookup<ReadOnlySpan<char>>();

    public static List<TextSpan> Split(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var spans = new List<TextSpan>(1 + (text.Length / 100));
        Split(text, spans);
        return spans;
    }

    internal static void Split(string text, List<TextSpan> spans)
    {
        var longestLine = LongestLine(text);
        var ordinals = new Ordinals(text);
        var start = 0;
        var lineStart = 0;
        var rowEnd = 0;
        var i = 0;

        while (i < text.Length)
        {
            var next = text.AsSpan(i).IndexOfAny(Stops);
            if (next < 0)
                break;

            i += next;
            if (i >= rowEnd && IsInRow(text, i, lineStart, out rowEnd))
            {
                // Cells may hold sentences; the row is one all the same.
                i = rowEnd;
                continue;
            }

            var end = EndAt(text, i, lineStart, longestLine, ref ordinals, out var resume);
            if (text[i] is '\n' or '\r' or '\u2028' or '\u2029')
                lineStart = resume;
            if (end)
            {
                Add(text, start, resume, spans);
                start = resume;
            }

            i = resume;
        }

        Add(text, start, text.Length, spans);
    }

    /// <summary>Whether the line of a mark is a row whose cells are set apart by tabs or bars, and where the line ends.</summary>
    private static bool IsInRow(string text, int i, int lineStart, out int lineEnd)
    {
        var length = text.AsSpan(i).IndexOfAny("\n\r\u2028\u2029");
        lineEnd = length < 0 ? text.Length : i + length;
        return lineEnd > i && HasCells(text.AsSpan(lineStart, lineEnd - lineStart));
    }

    /// <summary>Whether a sentence ends with the mark at <paramref name="i"/>, and where to go on reading.</summary>
    private static bool EndAt(string text, int i, int lineStart, int longestLine, ref Ordinals ordinals, out int resume)
    {
        var mark = text[i];
        if (mark is '\n' or '\r' or '\u2028' or '\u2029')
            return BreaksLine(text, i, lineStart, longestLine, out resume);

        resume = i + 1;
        while (resume < text.Length && text[resume] is '.' or '!' or '?' or '…' or '。' or '！' or '？')
            resume++;
        while (resume < text.Length && Closers.Contains(text[resume]))
            resume++;

        if (mark is '。' or '！' or '？' or '；')
            return true;
        // A semicolon separates clauses of a list, not sentences.
        if (mark == ';' || (resume < text.Length && !char.IsWhiteSpace(text[resume])))
            return false;
        return mark != '.' || EndsWithStop(text, i, resume, ref ordinals);
    }

    private static bool EndsWithStop(string text, int stop, int resume, ref Ordinals ordinals)
    {
        var next = resume;
        while (next < text.Length && text[next] is ' ' or '\t' or '\u00A0')
            next++;
        var word = WordBefore(text, stop);
        if (next >= text.Length || text[next] is '\n' or '\r')
            return next >= text.Length
                || !(NeverLast.Contains(word) || ordinals.IsDay(word, NextLine(text, next)))
                || IsBlankLine(text, next);
        if (char.IsLower(text[next]) || ordinals.IsOrdinal(word, stop, next))
            return false;

        if (NeverLast.Contains(word))
            return word.Equals("no", StringComparison.OrdinalIgnoreCase) && !char.IsDigit(text[next]);
        // An initial: "J. Smith"; but "vitamin C. The".
        if (word.Length == 1 && char.IsUpper(word[0]) && word[0] != 'I')
            return Openers.Contains(WordAfter(text, next));
        // The number of a list item or a heading: "3. Payment", also after another on the line.
        if (
            word.Length is > 0 and <= 3
            && !word.ContainsAnyExceptInRange('0', '9')
            && StartsLine(text, stop, word.Length)
        )
            return false;
        return !SometimesLast.Contains(word) || Openers.Contains(WordAfter(text, next));
    }

    private static bool IsNeverLast(string text, int stop) => NeverLast.Contains(WordBefore(text, stop));

    private static bool StartsLine(string text, int stop, int wordLength)
    {
        var before = stop - wordLength - 1;
        while (before >= 0 && text[before] is ' ' or '\t')
            before--;
        return before < 0
            || text[before] is '\n' or '\r' or ':' or ';'
            || (text[before] == '.' && !IsNeverLast(text, before));
    }

    private static ReadOnlySpan<char> WordBefore(string text, int stop)
    {
        var start = stop;
        while (start > 0 && stop - start < 12 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] == '.'))
            start--;
        return text.AsSpan(start, stop - start);
    }

    private static ReadOnlySpan<char> WordAfter(string text, int start)
    {
        var end = start;
        while (end < text.Length && end - start < 16 && char.IsLetter(text[end]))
            end++;
        return text.AsSpan(start, end - start);
    }

    private static int NextLine(string text, int lineBreak)
    {
        var i = lineBreak;
        while (i < text.Length && i - lineBreak < 16 && char.IsWhiteSpace(text[i]))
            i++;
        return i;
    }

    private static bool IsBlankLine(string text, int lineBreak)
    {
        var i = lineBreak;
        var breaks = 0;
        while (i < text.Length && char.IsWhiteSpace(text[i]))
            breaks += text[i++] == '\n' ? 1 : 0;
        return breaks > 1 || i >= text.Length;
    }

    /// <summary>
    /// A line's end ends a sentence before an empty line, around list items, headings and table rows, and where the line is
    /// so short that it was not wrapped. Elsewhere it is only layout.
    /// </summary>
    private static bool BreaksLine(string text, int i, int lineStart, int longestLine, out int resume)
    {
        resume = i + 1;
        var breaks = text[i] == '\r' && resume < text.Length && text[resume] == '\n' ? 0 : 1;
        while (resume < text.Length && char.IsWhiteSpace(text[resume]))
            breaks += text[resume++] is '\n' or '\u2028' or '\u2029' ? 1 : 0;
        if (breaks > 1 || resume >= text.Length || text[i] == '\u2029')
            return true;

        // Indentation is part of the next line when asking what it is.
        var line = text.AsSpan(lineStart, i - lineStart).TrimEnd();
        var lineEnd = text.AsSpan(resume).IndexOfAny("\n\r\u2028\u2029");
        var next = lineEnd < 0 ? text.AsSpan(resume) : text.AsSpan(resume, lineEnd);
        if (IsTableRow(line) || IsTableRow(next) || IsListItem(next) || line.StartsWith('#') || next.StartsWith('#'))
            return true;

        return line.Length > 0
            && line.Length < longestLine * 0.6
            && line[^1] is not (',' or ';' or '-' or '–' or '(' or '/')
            && !char.IsLower(next[0]);
    }

    internal static bool IsListItem(ReadOnlySpan<char> line)
    {
        if (line.Length < 3)
            return false;
        if (Bullets.Contains(line[0]))
            return line[1] is ' ' or '\t';

        var i = line[0] == '(' ? 1 : 0;
        var start = i;
        while (i < line.Length && i - start < 4 && char.IsAsciiLetterOrDigit(line[i]))
            i++;
        var isNumber = i > start && !line[start..i].ContainsAnyExceptInRange('0', '9');
        return i > start
            && i + 1 < line.Length
            && (line[i] == ')' || (line[i] == '.' && isNumber))
            && line[i + 1] is ' ' or '\t';
    }

    /// <summary>How long the mark and the space behind it are; 0 where a line has no mark, or a number, which is told.</summary>
    internal static int BulletLength(ReadOnlySpan<char> line) =>
        IsListItem(line) && Bullets.Contains(line[0]) ? line.Length - line[1..].TrimStart().Length : 0;

    /// <summary>
    /// Whether a sentence is of another block than the one before it: behind an empty line, another item of a list, or a line
    /// of its own below one that was not wrapped.
    /// </summary>
    internal static bool StartsBlock(string text, TextSpan before, TextSpan after)
    {
        var breaks = text.AsSpan(before.End, after.Start - before.End).Count('\n');
        var line = before.In(text);
        return breaks > 1
            || (
                breaks == 1
                && (
                    IsListItem(after.In(text))
                    || IsListItem(line)
                    || !(Stops.Contains(line[^1]) || Closers.Contains(line[^1]) || line[^1] is ':' or '：' or ',')
                )
            );
    }

    /// <summary>Whether tabs or bars set cells apart. The tab behind the mark of a list item does not.</summary>
    internal static bool HasCells(ReadOnlySpan<char> line)
    {
        line = line.Trim(' ');
        if (line.Length > 2 && line[0] == '|' && line[^1] == '|')
            return true;

        var tab = line.IndexOf('\t');
        return tab >= 0 && !(IsListMark(line[..tab]) && IsText(line[(tab + 1)..]));
    }

    /// <summary>"•", "7.1", "(iv)", "12)".</summary>
    private static bool IsListMark(ReadOnlySpan<char> cell)
    {
        var mark = cell.Trim("().");
        return mark.Length switch
        {
            0 => cell.Length > 0,
            1 when !char.IsLetterOrDigit(mark[0]) => true,
            > 6 => false,
            _ => (mark.Length < cell.Length || mark.Contains('.'))
                && (
                    mark.Length == 1 || !mark.ContainsAnyExcept(SectionNumber) || !mark.ContainsAnyExcept(RomanNumeral)
                ),
        };
    }

    private static bool IsText(ReadOnlySpan<char> text)
    {
        var hasLetter = false;
        foreach (var c in text)
        {
            if (c == '\t')
                return false;
            hasLetter |= char.IsLetter(c);
        }

        return hasLetter;
    }

    internal static bool IsTableRow(ReadOnlySpan<char> line)
    {
        if (HasCells(line))
            return true;
        if (line.Count('|') >= 2)
            return true;

        // Columns set with spaces: two gaps, or one beside a figure. Some people put two spaces after a full stop.
        var gaps = 0;
        var hasFigure = false;
        for (var i = 1; i < line.Length; i++)
        {
            if (line[i] != ' ' && line[i - 1] == ' ' && i > 2 && line[i - 2] == ' ')
            {
                var before = line[..i].TrimEnd();
                gaps += before.Length > 0 && before[^1] is not ('.' or '!' or '?' or ':' or '"' or '”') ? 1 : 0;
                hasFigure |= gaps > 0 && (char.IsDigit(line[i]) || line[i] is '$' or '€' or '£' or '(' or '—');
            }
        }

        return gaps >= 2 || (gaps == 1 && hasFigure);
    }

    /// <summary>
    /// Whether a sentence is a line of its own above others, as headings are: it names what follows and states nothing.
    /// </summary>
    internal static bool IsHeading(string text, TextSpan span)
    {
        var line = span.In(text);
        if (line[0] == '#')
            return true;
        if (
            line.Length > MaxHeading
            || line.ContainsAny('\n', '\r')
            || line[^1] is '.' or '!' or '?' or ',' or ';' or ':' or '。' or '"' or '”'
            || IsTableRow(line)
            || IsListItem(line)
            || line.Count(' ') >= MaxHeadingWords
        )
            return false;

        return StandsAlone(text, span);
    }

    private static bool StandsAlone(string text, TextSpan span)
    {
        var before = span.Start;
        var breaks = 0;
        while (before > 0 && char.IsWhiteSpace(text[before - 1]))
            breaks += text[--before] == '\n' ? 1 : 0;
        return (before == 0 || breaks > 1)
            && span.End < text.Length
            && text[span.End] is '\n' or '\r'
            && IsBlankLine(text, span.End)
            && !text.AsSpan(span.End).IsWhiteSpace();
    }

    private static int LongestLine(string text)
    {
        var longest = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
            longest = Math.Max(longest, line.Length);
        return Math.Min(longest, 200);
    }

    private static void Add(string text, int start, int end, List<TextSpan> spans)
    {
        while (start < end && char.IsWhiteSpace(text[start]))
            start++;
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        if (end > start)
            spans.Add(new TextSpan(start, end - start));
    }
}
