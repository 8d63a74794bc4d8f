using System.Globalization;

namespace Chancery.Server.Mcp.Resources;

/// <summary>Addresses of documents as resources.</summary>
internal static class DocumentUri
{
    public const string Template = Prefix + "{id}";
    public const string PageTemplate = Prefix + "{id}" + Pages + "{page}";

    private const string Prefix = "chancery://documents/";
    private const string Pages = "/pages/";

    public static string Of(string id) => Prefix + id;

    public static string OfPage(string id, int page) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id}{Pages}{page}");

    /// <param name="page">Null where the whole document is meant.</param>
    public static bool TryParse(string? uri, out string id, out int? page)
    {
        (id, page) = ("", null);
        if (uri?.StartsWith(Prefix, StringComparison.Ordinal) != true)
        {
            return false;
        }

        var rest = uri[Prefix.Length..];
        var end = rest.IndexOf(Pages, StringComparison.Ordinal);
        if (end >= 0)
        {
            if (
                !int.TryParse(
                    rest[(end + Pages.Length)..],
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var number
                )
            )
            {
                return false;
            }

            (rest, page) = (rest[..end], number);
        }

        var isId = Guid.TryParseExact(rest, "D", out var parsed);
        id = parsed.ToString();
        return isId;
    }
}
