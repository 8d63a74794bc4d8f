using System.Text.RegularExpressions;

namespace Chancery.Contracts;

/// <summary>
/// How a clause's text names another clause: <c>{{clause:0190a3b2-…}}</c> in place of its number, as in
/// "subject to Section {{clause:…}}".
/// </summary>
public static partial class ClauseReference
{
    /// <summary>What is shown in place of a number that no clause has any more.</summary>
    public const string Nowhere = "[removed]";

    public static string To(Guid clause) => $"{{{{clause:{clause:D}}}}}";

    /// <summary>The ids that a text names, in its order, as often as it does.</summary>
    public static IEnumerable<Guid> In(string text) => Marks().Matches(text).Select(IdOf);

    /// <summary>The text with every reference as <paramref name="show"/> writes it.</summary>
    public static string Replace(string text, Func<Guid, string> show) =>
        text.Contains("{{clause:", StringComparison.Ordinal) ? Marks().Replace(text, match => show(IdOf(match))) : text;

    private static Guid IdOf(Match match) => Guid.ParseExact(match.Groups[1].ValueSpan, "D");

    [GeneratedRegex(@"\{\{clause:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}\}")]
    private static partial Regex Marks();
}
