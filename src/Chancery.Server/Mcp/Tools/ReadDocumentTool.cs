using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Access;
using Chancery.Server.Mcp.Calling;
using Chancery.Server.Mcp.Resources;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp.Tools;

/// <summary><c>read_document</c>: the text of a document's current version, page by page.</summary>
internal sealed class ReadDocumentTool(RouteCalls calls, IHttpContextAccessor requests)
    : RouteTool(
        new ToolFacts(
            "read_document",
            "Read a document",
            "Read the text of a document's current version, whole pages, from the page that is asked for. next_page of the answer says where to go on.",
            Permission.DocumentsRead,
            $$"""
            {
              "type": "object",
              "properties": {
                "document_id": { "type": "string", "format": "uuid", "description": "As search and ask give it." },
                "page": { "type": "integer", "minimum": 1, "maximum": {{MostPage}}, "default": 1, "description": "The first page." },
                "pages": { "type": "integer", "minimum": 1, "maximum": {{MostPages}}, "default": {{SomePages}}, "description": "How many pages at most." }
              },
              "required": ["document_id"],
              "additionalProperties": false
            }
            """,
            """
            {
              "type": "object",
              "properties": {
                "document_id": { "type": "string" },
                "title": { "type": "string" },
                "path": { "type": "string", "description": "The name that it was uploaded under." },
                "version": { "type": "integer" },
                "page_count": { "type": "integer" },
                "pages": {
                  "type": "array",
                  "items": {
                    "type": "object",
                    "properties": {
                      "page": { "type": "integer" },
                      "label": { "type": "string", "description": "What people call the page." },
                      "text": { "type": "string" },
                      "recognised": { "type": "boolean", "description": "Whether the text was recognised in an image, which mistakes letters." }
                    },
                    "required": ["page", "text", "recognised"]
                  }
                },
                "next_page": { "type": "integer", "description": "Left out at the end." }
              },
              "required": ["document_id", "title", "path", "version", "page_count", "pages"]
            }
            """
        )
        {
            IsReadOnly = true,
        },
        calls,
        requests
    )
{
    private const int MostPage = 1_000_000;
    private const int MostPages = 20;
    private const int SomePages = 5;

    protected override async Task<CallToolResult> RunAsync(ToolCall call)
    {
        if (
            call.IdOf("document_id", out var wrong) is not { } id
            || call.NumberOf("page", 1, MostPage, out wrong) is not { } page
            || call.NumberOf("pages", SomePages, MostPages, out wrong) is not { } pages
        )
        {
            return wrong!;
        }

        var read = await DocumentReading.OfAsync(request => call.CallAsync(request), id, page, pages);
        if (read.Refused is { } refused)
        {
            return ToolAnswer.Error(refused);
        }

        var structured = read.Document.Only("title", "path");
        structured["document_id"] = id;
        structured["version"] = read.Document.GetProperty("current_version").GetInt32();
        structured["page_count"] = read.PageCount;
        structured["pages"] = new JsonArray([
            .. read.Pages.Select(one => one.Only("page", "label", "text", "recognised")),
        ]);
        if (read.Next is { } next)
        {
            structured["next_page"] = next;
        }

        var text = new StringBuilder();
        foreach (var one in read.Pages)
        {
            text.Append(CultureInfo.InvariantCulture, $"--- {read.Document.Text("title")}, page ");
            text.Append(one.GetProperty("page").GetRawText()).Append(" of ").Append(read.PageCount).AppendLine(" ---");
            text.AppendLine(one.Text("text"));
        }

        return ToolAnswer.Of(structured, text.ToString());
    }
}
