using System.Globalization;
using System.Text.Json;
using Chancery.Server.Mcp.Calling;
using Chancery.Server.Mcp.Tools;

namespace Chancery.Server.Mcp.Resources;

/// <summary>Pages of a document's current version, one after the other.</summary>
/// <param name="Refused">Why there is nothing; else null.</param>
/// <param name="Document">As the API shows it.</param>
/// <param name="Pages">Each as the API shows it.</param>
/// <param name="Next">The page that follows; null at the end.</param>
internal sealed record DocumentReading(
    string? Refused,
    int Status,
    JsonElement Document,
    IReadOnlyList<JsonElement> Pages,
    int PageCount,
    int? Next
)
{
    /// <summary>Whole pages are read until there are so many characters.</summary>
    private const int EnoughCharacters = 100_000;

    /// <param name="from">The first page, from 1.</param>
    /// <param name="most">Pages at most.</param>
    public static async Task<DocumentReading> OfAsync(
        Func<RouteRequest, Task<RouteAnswer>> call,
        string id,
        int from,
        int most
    )
    {
        var document = await call(new RouteRequest("GetDocument", id));
        if (!document.IsSuccess)
        {
            return None(document);
        }

        if (document.Content.Text("deleted_at") is not null)
        {
            return Nothing("The document was deleted.", StatusCodes.Status404NotFound);
        }

        if (
            !document.Content.TryGetProperty("current_version", out var version)
            || version.ValueKind != JsonValueKind.Number
        )
        {
            return Nothing(
                $"The document has no text yet: it is {document.Content.Text("state")}. Try again when it is ready.",
                StatusCodes.Status409Conflict
            );
        }

        var pages = new List<JsonElement>();
        var (count, characters, number) = (0, 0, from);
        do
        {
            var page = await call(
                new RouteRequest(
                    "GetPage",
                    new Dictionary<string, string>
                    {
                        ["id"] = id,
                        ["version"] = version.GetRawText(),
                        ["page"] = number.ToString(CultureInfo.InvariantCulture),
                    }
                )
            );
            if (!page.IsSuccess)
            {
                return None(page);
            }

            pages.Add(page.Content);
            count = page.Content.GetProperty("pages").GetInt32();
            characters += page.Content.Text("text")!.Length;
            number++;
        } while (number <= count && pages.Count < most && characters < EnoughCharacters);

        return new DocumentReading(
            null,
            StatusCodes.Status200OK,
            document.Content,
            pages,
            count,
            number <= count ? number : null
        );
    }

    private static DocumentReading None(RouteAnswer refused) => Nothing(ToolAnswer.Describe(refused), refused.Status);

    private static DocumentReading Nothing(string why, int status) => new(why, status, default, [], 0, null);
}
