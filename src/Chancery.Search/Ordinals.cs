using System.Buffers;

namespace Chancery.Search;

/// <summary>
/// German sets a full stop behind an ordinal: "am 1. Januar", "der 2. Vorsitzende". Such a stop ends no sentence. For one
/// text, read from its beginning on; keeps what it found out last about the language.
/// </summary>
internal struct Ordinals(string text)
{
    /// <summary>The language is read by pieces of a text, each once, and with what is around them.</summary>
    private const int Piece = 200;

    private const int Around = 100;

    private const int LongestWord = 16;

    private static readonly SearchValues<char> WordEnds = SearchValues.Create(" \t\r\n\u00A0,;:.!?()\"'„“»«");

    /// <summary>Those that are words of English besides, as "may" and "mars", are left out.</summary>
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Months = Set(
        """
        januar jänner februar feber märz april mai juni juli august september oktober november dezember
        janvier février avril juin juillet août septembre octobre novembre décembre
        enero febrero marzo abril junio julio agosto septiembre octubre noviembre diciembre
        gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
        """
    );

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> German = Set(
        """
        der die das den dem des und oder nicht ist sind wird werden wurde ein eine einer einem einen eines im am zum zur
        von vom für mit bei nach auf aus durch sich auch bis ab als wenn kann hat haben muss es er sie wir
        """
    );

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> English = Set(
        "the of and to a is are was were be for that with by it on this or not at from has have shall will"
    );

    /// <summary>A noun does not follow these closely enough to be what is counted; they open the next sentence.</summary>
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Openers = Set(
        """
        der die das dem den des ein eine einer einem einen er sie es wir ich ihr man dies diese dieser dieses jede jeder
        jedes alle beide kein keine wenn falls sofern soweit sobald während nachdem bevor da weil obwohl in im am an auf
        aus bei beim bis durch für gegen mit nach ohne seit über um unter von vom vor zu zum zur zwischen hier dort dann
        danach dabei daher dazu damit dadurch darüber jedoch aber und oder auch nur nicht so wie was wer wo wann warum
        sein seine ihre unser unsere außerdem zudem ferner hierzu insbesondere
        """
    );

    private readonly string _text = text;
    private int _piece = -1;
    private bool _isGerman;

    /// <summary>Whether a number is the day of the month that is named at <paramref name="next"/>.</summary>
    public readonly bool IsDay(ReadOnlySpan<char> number, int next) =>
        IsShortNumber(number) && Months.Contains(WordAt(next));

    /// <summary>Whether the stop after <paramref name="number"/> only makes an ordinal of it.</summary>
    /// <param name="number">What stands before the stop.</param>
    /// <param name="stop">The place of the stop.</param>
    /// <param name="next">Of the first character after the stop and the white space behind it.</param>
    public bool IsOrdinal(ReadOnlySpan<char> number, int stop, int next) =>
        IsDay(number, next)
        || (
            IsShortNumber(number)
            // The day and the month before a year: "1. 1. 2027".
            && (char.IsDigit(_text[next]) || (char.IsUpper(_text[next]) && !Openers.Contains(WordAt(next))))
            && IsGermanAt(stop)
        );

    private bool IsGermanAt(int place)
    {
        if (_piece != place / Piece)
        {
            _piece = place / Piece;
            var from = Math.Max(0, (_piece * Piece) - Around);
            _isGerman = IsGerman(_text.AsSpan(from, Math.Min(_text.Length - from, Piece + (2 * Around))));
        }

        return _isGerman;
    }

    /// <summary>A digit or two, or a day and a month, "1.1".</summary>
    private static bool IsShortNumber(ReadOnlySpan<char> number)
    {
        var point = number.IndexOf('.');
        return point < 0
            ? IsOneOrTwoDigits(number)
            : IsOneOrTwoDigits(number[..point]) && IsOneOrTwoDigits(number[(point + 1)..]);
    }

    private static bool IsOneOrTwoDigits(ReadOnlySpan<char> number) =>
        number.Length is 1 or 2 && !number.ContainsAnyExceptInRange('0', '9');

    /// <summary>By the words of grammar.</summary>
    private static bool IsGerman(ReadOnlySpan<char> near)
    {
        var (german, english) = (0, 0);
        while (!near.IsEmpty)
        {
            var end = near.IndexOfAny(WordEnds);
            var word = end < 0 ? near : near[..end];
            german += German.Contains(word) ? 1 : 0;
            english += English.Contains(word) ? 1 : 0;
            near = end < 0 ? [] : near[(end + 1)..];
        }

        return german > english;
    }

    private readonly ReadOnlySpan<char> WordAt(int start)
    {
        var end = start;
        while (end < _text.Length && end - start < LongestWord && char.IsLetter(_text[end]))
            end++;
        return _text.AsSpan(start, end - start);
    }

    private static HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(string words) =>
        new HashSet<string>(
            words.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries),
            StringComparer.OrdinalIgnoreCase
        ).GetAlternateLookup<ReadOnlySpan<char>>();
}
