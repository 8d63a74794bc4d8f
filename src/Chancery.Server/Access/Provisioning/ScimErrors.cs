using System.Globalization;
using System.Text.Json.Nodes;

namespace Chancery.Server.Access.Provisioning;

/// <summary>Marks routes whose clients read errors as SCIM writes them (RFC 7644, 3.12).</summary>
internal sealed class ScimErrors
{
    public static IResult Of(int status, string? type, string detail)
    {
        var body = new JsonObject
        {
            ["schemas"] = new JsonArray(ScimName.Error),
            ["status"] = status.ToString(CultureInfo.InvariantCulture),
        };
        if (type is not null)
        {
            body["scimType"] = type;
        }

        body["detail"] = detail;
        return Results.Text(body.ToJsonString(), ScimEndpoints.MediaType, statusCode: status);
    }
}
