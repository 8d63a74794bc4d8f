using System.Globalization;
using System.Text.Json;
using Chancery.Server.Mcp.Calling;
using Chancery.Server.Mcp.Tools;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Chancery.Server.Mcp.Resources;

/// <summary>Documents that the caller may read, as resources: listed by pages, read as text. Safe for concurrent use.</summary>
internal sealed class DocumentResources(RouteCalls calls, IHttpContextAccessor requests)
{
    private const string ReadAsText = "text/plain";
    private const int PageSize = 50;
    private const int MostPages = 100;

    public async ValueTask<ListResourcesResult> ListAsync(
        RequestContext<ListResourcesRequestParams> request,
        CancellationToken cancellationToken
    )
    {
        var query = QueryString.Create("limit", PageSize.ToString(CultureInfo.InvariantCulture)).Add("state", "ready");
        if (request.Params?.Cursor is { Length: > 0 } cursor)
        {
            query = query.Add("cursor", cursor);
        }

        var listed = await CallAsync(
            new RouteRequest("ListDocuments", new Dictionary<string, string>(), query.Value!),
            cancellationToken
        );
        return listed.IsSuccess
            ? new ListResourcesResult
            {
                Resources = [.. listed.Content.GetProperty("items").EnumerateArray().Select(Describe)],
                NextCursor = listed.Content.Text("next_cursor"),
            }
            : throw Refused(
                request,
                listed.Status == StatusCodes.Status400BadRequest
                    ? "The cursor is none of this list. Begin without one."
                    : ToolAnswer.Describe(listed),
                listed.Status
            );
    }

    public static ValueTask<ListResourceTemplatesResult> ListTemplatesAsync(
        RequestContext<ListResourceTemplatesRequestParams> request,
        CancellationToken cancellationToken
    ) =>
        ValueTask.FromResult(
            new ListResourceTemplatesResult
            {
                ResourceTemplates =
                [
                    new ResourceTemplate
                    {
                        Name = "document",
                        Title = "A document",
                        Description = "The text of a document's current version, a content for each page.",
                        UriTemplate = DocumentUri.Template,
                        MimeType = ReadAsText,
                    },
                    new ResourceTemplate
                    {
                        Name = "page",
                        Title = "A page of a document",
                        Description = "The text of one page, counted from 1.",
                        UriTemplate = DocumentUri.PageTemplate,
                        MimeType = ReadAsText,
                    },
                ],
            }
        );

    public async ValueTask<ReadResourceResult> ReadAsync(
        RequestContext<ReadResourceRequestParams> request,
        CancellationToken cancellationToken
    )
    {
        var uri = request.Params?.Uri;
        if (!DocumentUri.TryParse(uri, out var id, out var page))
        {
            throw Refused(request, "There is no such resource.", StatusCodes.Status404NotFound, uri);
        }

        var read = await DocumentReading.OfAsync(
            asked => CallAsync(asked, cancellationToken),
            id,
            page ?? 1,
            page is null ? MostPages : 1
        );
        if (read.Refused is { } refused)
        {
            throw Refused(request, refused, read.Status, uri);
        }

        List<ResourceContents> contents =
        [
            .. read.Pages.Select(one => new TextResourceContents
            {
                Uri = DocumentUri.OfPage(id, one.GetProperty("page").GetInt32()),
                MimeType = ReadAsText,
                Text = one.Text("text")!,
            }),
        ];
        if (page is null && read.Next is { } next)
        {
            contents.Add(
                new TextResourceContents
                {
                    Uri = DocumentUri.OfPage(id, next),
                    MimeType = ReadAsText,
                    Text =
                        $"The document goes on: it has {read.PageCount} pages. Read {DocumentUri.OfPage(id, next)} next.",
                }
            );
        }

        return new ReadResourceResult { Contents = contents };
    }

    private Task<RouteAnswer> CallAsync(RouteRequest request, CancellationToken cancellationToken) =>
        calls.CallAsync(
            requests.HttpContext ?? throw new InvalidOperationException("Resources are read by requests only."),
            request,
            null,
            cancellationToken
        );

    private static Resource Describe(JsonElement document) =>
        new()
        {
            Uri = DocumentUri.Of(document.Text("id")!),
            Name = document.Text("path")!,
            Title = document.Text("title"),
            Description = $"{document.Text("media_type")}, changed {document.Text("updated_at")}",
            MimeType = ReadAsText,
        };

    private static McpProtocolException Refused(MessageContext request, string why, int status, string? uri = null)
    {
        var refused = new McpProtocolException(
            why,
            status >= 500 ? McpErrorCode.InternalError
                : status == StatusCodes.Status404NotFound && !HasOneCodeForBoth(request) ? McpErrorCode.ResourceNotFound
                : McpErrorCode.InvalidParams
        );
        if (uri is not null)
        {
            refused.Data["uri"] = uri;
        }

        return refused;
    }

    /// <summary>From 2026-07-28 on a resource that is not there is a wrong parameter like any other.</summary>
    private static bool HasOneCodeForBoth(MessageContext request) =>
        string.CompareOrdinal(request.JsonRpcMessage.Context?.ProtocolVersion, "2026-07-28") >= 0;
}
