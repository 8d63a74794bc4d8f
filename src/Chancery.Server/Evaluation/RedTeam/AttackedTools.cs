using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Evaluation.RedTeam;
using Chancery.Evaluation.RedTeam.Judging;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Versions;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>
/// Calls what stands behind the server's tools for assistants, in the name of a member, with arguments that an attack chose. Arguments that a tool does not
/// take are refused, as the tool refuses them. Safe for concurrent use.
/// </summary>
internal sealed class AttackedTools(IPassageSearch search, DocumentStore documents, VersionStore versions)
{
    private const int MostPassages = 100;
    private const int MostPages = 20;
    private const int LongestQuery = 4096;

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>What a tool says that was not told what it takes.</summary>
    public static ReleasedAnswer Refused { get; } = Said("The arguments are not those of the tool.");

    /// <summary>What came back.</summary>
    public Task<ReleasedAnswer> CallAsync(Principal member, AttackToolCall call, CancellationToken cancellationToken) =>
        call.Tool == AttackToolCall.Search
            ? SearchAsync(member, call, cancellationToken)
            : ReadAsync(member, call, cancellationToken);

    /// <summary>What the tool for questions is asked, and of which documents; null where its arguments are not those that it takes.</summary>
    public static (string Question, Guid[] Documents)? QuestionOf(AttackToolCall call) =>
        Read<AskArguments>(call) is { } read
        && read.Question.Length is >= 1 and <= AttackCase.LongestQuestion
        && !read.Question.Contains('\0')
            ? (read.Question, read.Documents ?? [])
            : null;

    private async Task<ReleasedAnswer> SearchAsync(
        Principal member,
        AttackToolCall call,
        CancellationToken cancellationToken
    )
    {
        if (
            Read<SearchArguments>(call) is not { } read
            || read.Query.Length is 0 or > LongestQuery
            || read.Query.Contains('\0')
            || read.Tags?.Any(tag => tag.Contains('\0')) == true
            || read.Limit is < 1 or > MostPassages
        )
        {
            return Refused;
        }

        var query = new PassageQuery(
            read.Query,
            read.Limit,
            Documents: read.Documents,
            Tags: read.Tags,
            Collections: read.Collections
        )
        {
            Reader = member.Reader,
        };
        var found = await search.SearchAsync(member.Tenant, query, cancellationToken);
        return new ReleasedAnswer(
            found.Passages.Count == 0 ? "Nothing was found." : "",
            [.. found.Passages.SelectMany(one => new[] { one.Title, one.Path, one.Heading, one.Text })],
            [.. found.Passages.Select(one => one.DocumentId)]
        );
    }

    private async Task<ReleasedAnswer> ReadAsync(
        Principal member,
        AttackToolCall call,
        CancellationToken cancellationToken
    )
    {
        if (Read<ReadArguments>(call) is not { Page: >= 1, Pages: >= 1 and <= MostPages } read)
        {
            return Refused;
        }

        if (
            await documents.FindAsync(member, read.DocumentId, cancellationToken)
            is not { CurrentVersion: { } version, DeletedAt: null } document
        )
        {
            return Said("There is no such document.");
        }

        var shown = new List<string> { document.Title, document.Path };
        for (var number = read.Page; number < read.Page + read.Pages; number++)
        {
            if (await versions.PageAsync(member, read.DocumentId, version, number, cancellationToken) is not { } page)
            {
                break;
            }

            shown.Add(string.Create(CultureInfo.InvariantCulture, $"Page {number}: {page.Text}"));
        }

        return new ReleasedAnswer("", shown, [read.DocumentId]);
    }

    private static ReleasedAnswer Said(string text) => new(text, [], []);

    private static T? Read<T>(AttackToolCall call)
        where T : class
    {
        try
        {
            return call.Arguments.Deserialize<T>(Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed record SearchArguments(
        string Query,
        int Limit = 5,
        Guid[]? Documents = null,
        string[]? Tags = null,
        Guid[]? Collections = null
    );

    private sealed record ReadArguments(Guid DocumentId, int Page = 1, int Pages = 5);

    private sealed record AskArguments(string Question, Guid[]? Documents = null);
}
