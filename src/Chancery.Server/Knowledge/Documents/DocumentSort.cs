using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Chancery.Server.Knowledge.Documents;

/// <summary>The orders that a list of documents has, by the words of the API.</summary>
internal static class DocumentSort
{
    public const string Newest = "newest";
    public const string Oldest = "oldest";
    public const string Changed = "changed";
    public const string Title = "title";
    public const string TitleDescending = "title_desc";
    public const string Largest = "largest";

    public static readonly string[] All = [Newest, Oldest, Changed, Title, TitleDescending, Largest];

    /// <summary>What a document is placed by, as its cursor holds it.</summary>
    public static string KeyOf(string sort, DocumentView document) =>
        sort switch
        {
            Newest or Oldest => Moment(document.CreatedAt),
            Changed => Moment(document.UpdatedAt),
            Largest => document.FileSize.ToString(CultureInfo.InvariantCulture),
            // The database lowers it by its own rules: it is given what it gave out.
            _ => document.Title,
        };

    private static string Moment(DateTimeOffset time) => time.UtcTicks.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Where the next page of a list of documents begins: after this one, in this order.</summary>
internal sealed record DocumentCursor(string Sort, string Key, Guid Id)
{
    // A title of 300 characters, and its neighbours.
    private const int MaxBytes = 2048;

    /// <summary>Null where the order is by title.</summary>
    public DateTimeOffset? Moment =>
        Sort is DocumentSort.Newest or DocumentSort.Oldest or DocumentSort.Changed ? new(Number, TimeSpan.Zero) : null;

    /// <summary>Null unless the order is by size.</summary>
    public long? Size => Sort == DocumentSort.Largest ? Number : null;

    private long Number => long.Parse(Key, CultureInfo.InvariantCulture);

    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Sort} {Id:n} {Key}"));

    /// <summary>No text is the first page; false for a text that no list of this order gave out.</summary>
    public static bool TryParse(string? text, string sort, out DocumentCursor? cursor)
    {
        cursor = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[MaxBytes];
        // The Try… form throws for a character that it does not know.
        if (
            text.Length > MaxBytes
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done
            || !System.Text.Unicode.Utf8.IsValid(bytes[..written])
            || bytes[..written].Contains((byte)0)
            || Encoding.UTF8.GetString(bytes[..written]).Split(' ', 3) is not [var given, var id, var key]
            || given != sort
            || !Guid.TryParseExact(id, "n", out var after)
        )
        {
            return false;
        }

        cursor = new DocumentCursor(sort, key, after);
        var isText = sort is DocumentSort.Title or DocumentSort.TitleDescending;
        return isText
            || (
                long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && (sort == DocumentSort.Largest || number <= DateTimeOffset.MaxValue.UtcTicks)
            );
    }
}
