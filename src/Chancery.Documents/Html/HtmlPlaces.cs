using System.Globalization;

namespace Chancery.Documents;

/// <summary>
/// Says where a block stands: the last named place before it, and how many of its kind follow that, as in "#terms, paragraph 3".
/// So an address with the name leads a browser there, and what changes before the name does not change what follows.
/// </summary>
internal sealed class HtmlPlaces
{
    private const int MaxNameLength = 100;
    private readonly int[] _counts = new int[Enum.GetValues<BlockKind>().Length];
    private string? _name;
    private bool _isOnName;

    /// <param name="isOnHeading">Whether the name is that of a heading itself.</param>
    public void Enter(string? name, bool isOnHeading)
    {
        if (name is { Length: > 0 and <= MaxNameLength } && TextCleaner.CleanWord(name) == name && !name.Contains(' '))
        {
            (_name, _isOnName) = (name, isOnHeading);
            Array.Clear(_counts);
        }
    }

    public string? Next(BlockKind kind)
    {
        var number = ++_counts[(int)kind];
        if (kind is BlockKind.Furniture)
        {
            return null;
        }

        if (kind is BlockKind.Heading && _isOnName && number == 1)
        {
            return "#" + _name;
        }

        var what = kind switch
        {
            BlockKind.ListItem => "list item",
            BlockKind.Code => "code",
            _ => kind.ToString().ToLowerInvariant(),
        };
        return _name is null
            ? string.Create(CultureInfo.InvariantCulture, $"{char.ToUpperInvariant(what[0])}{what[1..]} {number}")
            : string.Create(CultureInfo.InvariantCulture, $"#{_name}, {what} {number}");
    }
}
