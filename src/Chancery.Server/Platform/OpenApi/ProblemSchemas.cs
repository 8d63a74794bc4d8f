using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>Problem documents as they travel: with a code and a trace id, which the framework's types do not show.</summary>
internal static class ProblemSchemas
{
    public static void Apply(OpenApiSchema schema, Type type)
    {
        if (!typeof(ProblemDetails).IsAssignableFrom(type))
        {
            return;
        }

        schema.Description = "What went wrong, and what to do next (RFC 9457). Clients switch on `code`.";
        schema.Required = new HashSet<string> { "type", "title", "status", "code", "traceId" };
        var properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text($"`{Problem.TypePrefix}` and the code."),
            ["title"] = Text("The same for every problem of this code."),
            ["status"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Format = "int32",
                Description = "The status of the answer.",
            },
            ["detail"] = Text("This case, and what to do next."),
            ["code"] = Text("What clients switch on; all are explained in docs/problems.md."),
            ["traceId"] = Text("Under which the operator finds this request in the logs."),
        };
        if (type == typeof(ProblemDetails))
        {
            properties["error"] = Text("Of `concurrency-limit`: the name of the error in older interfaces.");
            properties["limit"] = Number(
                "Of `concurrency-limit`: how many sign-ins may be at once. Of a limit that is used up: how much it is."
            );
            properties["limit_name"] = Text("Of a limit that is used up: which one.");
            properties["used"] = Number("Of a quota that is used up: what is used and held of it.");
            properties["window_seconds"] = Number("Of a limit on requests: the length of its window.");
            properties["level"] = Text("Of `budget-exhausted`: whom the cap is on.");
            properties["period"] = Text("Of `budget-exhausted`: `month` or `day`.");
            properties["resets_at"] = Text("Of what is used up: when the next window or month begins.", "date-time");
            properties["retry_after"] = Number("Of a limit that is used up: the seconds until then, as in the header.");
            properties["latest"] = Number("Of `merge-conflict`: the contract's latest revision.");
            properties["conflicts"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = "Of `merge-conflict`: each place that both changed, in the order of reading.",
                Items = Conflict(),
            };
            properties["challenge"] = Text(
                "Of `second-factor-required`, and of `concurrency-limit` after it: what the next call names this sign-in by."
            );
            properties["factors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = "Of `second-factor-required` and `step-up-required`: what the person may give.",
                Items = Text("`totp`, `passkey`, `recovery_code`, `password` or `issuer`."),
            };
            properties["sign_in"] = Text(
                "Of `step-up-required`, where `factors` says `issuer`: the page that has the person sign in there once more."
            );
            properties["expires_in"] = Number("Of `second-factor-required`: the seconds that `challenge` is good for.");
            properties["max_age"] = Number("Of `step-up-required`: how many seconds old the sign-in may be.");
            properties["sessions"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = "Of `concurrency-limit`: the sign-ins of which one has to end, longest unused first.",
                Items = OpenSession(),
            };
        }

        if (typeof(HttpValidationProblemDetails).IsAssignableFrom(type))
        {
            properties["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "Field → what it takes.",
                AdditionalProperties = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            };
        }

        schema.Properties = properties;
    }

    private static OpenApiSchema Number(string description) =>
        new()
        {
            Type = JsonSchemaType.Integer,
            Format = "int64",
            Description = description,
        };

    private static OpenApiSchema Conflict() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "kind" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["kind"] = Text("head, heading, text, deleted, moved, inserted or too_large."),
                ["clause"] = Text("Left out for the head.", "uuid"),
                ["field"] = Text("Of the head: which field."),
                ["base"] = Text("What both started from; left out for nothing."),
                ["mine"] = Text("What the contract says now; left out where it was deleted."),
                ["theirs"] = Text("What this change says; left out where it deletes."),
            },
        };

    private static OpenApiSchema OpenSession() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "id", "device", "tenant_name", "created_at", "last_seen_at" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["id"] = Text("For `end_session`.", "uuid"),
                ["device"] = Text("Such as `Firefox on Linux`."),
                ["tenant_name"] = Text("The organisation that it is signed in to."),
                ["created_at"] = Text("When it began.", "date-time"),
                ["last_seen_at"] = Text("When it was last used; some minutes old.", "date-time"),
            },
        };

    private static OpenApiSchema Text(string description, string format) =>
        new()
        {
            Type = JsonSchemaType.String,
            Format = format,
            Description = description,
        };

    private static OpenApiSchema Text(string description) =>
        new() { Type = JsonSchemaType.String, Description = description };
}
