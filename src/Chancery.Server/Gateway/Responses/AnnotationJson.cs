using System.Text.Json;
using Chancery.Server.Gateway.ChatCompletions;

namespace Chancery.Server.Gateway.Responses;

/// <summary>A citation as the Responses API writes annotations, with all that Chancery knows of it beside it.</summary>
internal static class AnnotationJson
{
    public static void Write(Utf8JsonWriter json, Annotation annotation)
    {
        var citation = annotation.Citation;
        json.WriteStartObject();
        json.WriteString("type", "url_citation");
        json.WriteString("url", annotation.Url);
        json.WriteString("title", citation.Title);
        json.WriteNumber("start_index", annotation.Start);
        json.WriteNumber("end_index", annotation.End);
        json.WriteStartObject("chancery");
        json.WriteNumber("number", citation.Number);
        json.WriteString("document_id", citation.DocumentId);
        json.WriteNumber("version", citation.Version);
        json.WriteNumber("page", citation.Page);
        json.WriteString("quote", citation.Quote);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
