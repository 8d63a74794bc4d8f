using System.Globalization;
using System.Text.Json.Nodes;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>Adds to each route what all routes of its kind have in common, and its examples.</summary>
internal static class Operations
{
    private const string AnyBytes = "application/octet-stream";
    private const string Json = "application/json";

    public static Task ApplyAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var example = metadata.OfType<RouteExample>().LastOrDefault();
        operation.Responses ??= [];
        operation.Deprecated = metadata.OfType<ObsoleteAttribute>().Any();
        Secure(operation, metadata, context.Document!);
        DescribeParameters(operation, context.Description.RelativePath ?? "", example);
        ServeAnyFile(operation);
        var changes = context.Description.HttpMethod is not ("GET" or "HEAD");
        if (example is not null || operation.RequestBody is not null || changes)
        {
            Fail(operation, context.Document!, changes);
        }

        ShowExamples(operation, example);
        var answers = operation.Responses.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        operation.Responses.Clear();
        foreach (var (status, response) in answers)
        {
            Explain(status, response);
            operation.Responses[status] = response;
        }

        return Task.CompletedTask;
    }

    /// <summary>Which credentials it takes, and what of them.</summary>
    private static void Secure(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document)
    {
        var rules = metadata.OfType<IAuthorizeData>().ToList();
        if (rules.Count == 0 || metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Security = [];
            return;
        }

        var personal = metadata.OfType<PersonalRoute>().Any();
        operation.Security =
        [
            .. SecuritySchemes
                .All.Keys.Where(name => !personal || name != SecuritySchemes.Key)
                .Select(name => new OpenApiSecurityRequirement
                {
                    [new OpenApiSecuritySchemeReference(name, document)] = [],
                }),
        ];
        Add(operation, 401, document);
        Add(operation, 403, document);
        // A key may have a limit of its own, on whatever it calls.
        if (!personal)
        {
            Add(operation, 429, document);
        }

        var permission = rules.Select(rule => rule.Policy).LastOrDefault(policy => policy is not null);
        string?[] said =
        [
            operation.Description,
            permission is null ? null : $"Takes the permission `{permission}`.",
            personal ? "Takes a person's sign-in, not an API key." : null,
        ];
        operation.Description = string.Join("\n\n", said.Where(text => !string.IsNullOrEmpty(text)));
    }

    private static void DescribeParameters(OpenApiOperation operation, string path, RouteExample? example)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            parameter.Description ??= parameter.Name switch
            {
                "id" => $"The id of the {Thing(path)}.",
                "member" => "The id of a member, or of a service account.",
                "version" => "Number of a version, from 1.",
                "page" => "Number of a page, from 1.",
                "provider" => "A provider that takes keys, as `GET /api/v1/me/provider-keys` names it.",
                "limit" => "Most items of one page.",
                "cursor" => "`next_cursor` of the page before, unchanged; left out for the first page.",
                _ => null,
            };
            if (parameter.In == ParameterLocation.Path && example?.Path.GetValueOrDefault(parameter.Name!) is { } given)
            {
                var value = SampleWords.Of(given) ?? given;
                parameter.Example = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : value;
            }
        }
    }

    // api/v1/docs/{id}/versions: what stands before {id}
    private static string Thing(string path)
    {
        var parts = path.Split('/');
        var at = Array.FindIndex(parts, part => part.StartsWith("{id", StringComparison.Ordinal));
        var many = at > 0 ? parts[at - 1] : "thing";
        var name = many.EndsWith("ss", StringComparison.Ordinal) ? many : many.TrimEnd('s');
        return name switch
        {
            "doc" => "document",
            "querie" => "query",
            "service-account" => "service account",
            _ => name,
        };
    }

    /// <summary>A file is answered as what it is; a route can declare no such thing.</summary>
    private static void ServeAnyFile(OpenApiOperation operation)
    {
        foreach (var response in operation.Responses?.Values.OfType<OpenApiResponse>() ?? [])
        {
            if (response.Content?.Remove(AnyBytes) == true)
            {
                response.Content["*/*"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                };
            }
        }
    }

    /// <summary>What can go wrong on any route that takes what this one takes.</summary>
    private static void Fail(OpenApiOperation operation, OpenApiDocument document, bool changes)
    {
        if (operation.RequestBody is not null)
        {
            Add(operation, 413, document);
            Add(operation, 415, document);
        }

        if (
            operation.RequestBody is not null
            || operation.Parameters?.Any(one => one.In != ParameterLocation.Path) == true
        )
        {
            Add(operation, 400, document, "ValidationProblem");
        }

        // Each of them may name fields, whatever the route declares.
        if (operation.Responses!.GetValueOrDefault("400")?.Content?.ContainsKey("application/problem+json") == true)
        {
            operation.Responses!.Remove("400");
            Add(operation, 400, document, "ValidationProblem");
        }

        if (operation.Parameters?.Any(parameter => parameter.In == ParameterLocation.Path) == true)
        {
            Add(operation, 404, document);
        }

        // A page of another origin changes nothing with the cookie, on no route.
        if (changes)
        {
            Add(operation, 403, document);
        }

        Add(operation, 500, document);
        Add(operation, 503, document);
    }

    private static void Add(
        OpenApiOperation operation,
        int status,
        OpenApiDocument document,
        string schema = "Problem"
    ) =>
        operation.Responses!.TryAdd(
            status.ToString(CultureInfo.InvariantCulture),
            new OpenApiResponse
            {
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(schema, document) },
                },
            }
        );

    /// <summary>The call that the route carries, and the answer that was recorded to it.</summary>
    private static void ShowExamples(OpenApiOperation operation, RouteExample? example)
    {
        var body = operation.RequestBody?.Content?.FirstOrDefault(content => content.Key == Json).Value;
        if (body is not null && example?.Body is { } text)
        {
            body.Example = JsonNode.Parse(SampleWords.Fill(text));
        }

        if (
            RecordedAnswers.Of(operation.OperationId) is { } answer
            && operation.Responses!.GetValueOrDefault(answer.Status)?.Content?.TryGetValue(answer.Type, out var content)
                == true
        )
        {
            content.Example = answer.Body.DeepClone();
        }
    }

    private static void Explain(string status, IOpenApiResponse response)
    {
        response.Description = status switch
        {
            "200" when response.Description is not (null or "OK") => response.Description,
            "200" => "Done.",
            "201" => "Made; `Location` says where it is.",
            "202" => "Taken in; it is worked on in the background.",
            "204" => "Done; there is nothing to tell.",
            "206" => "The part that `Range` asked for.",
            "304" => "Not changed since the `ETag` of `If-None-Match`.",
            "400" => "The request is not valid, or cannot be read (`invalid`, `malformed`).",
            "401" => "No credential, or none that counts (`unauthenticated`, `token-expired`, …).",
            "403" => "The role or the kind of credential does not allow it (`forbidden`, `person-only`, …).",
            "404" => "There is no such thing, or it is not yours to see (`not-found`).",
            "409" => "The state of things is against it; `code` says what.",
            "413" => "More bytes than are taken (`too-large`).",
            "415" => "A content type, or a kind of file, that is not taken.",
            "416" => "`Range` lies outside the file.",
            "422" => "The `Idempotency-Key` was used for another call (`idempotency-key-reused`).",
            "429" => "A limit is used up (`too-many-requests`); `Retry-After` says for how long.",
            "500" => "A fault of the server (`internal`); nothing is remembered of it but the log.",
            "502" => "The model failed (`model-failed`).",
            "503" => "Not available just now (`unavailable`, `shutting-down`); try again.",
            "507" => "The server's disk is full (`no-space`).",
            _ => response.Description ?? "See `code`.",
        };
        if (status is "429" && response is OpenApiResponse limited)
        {
            limited.Headers ??= new Dictionary<string, IOpenApiHeader>();
            limited.Headers["Retry-After"] = new OpenApiHeader
            {
                Description = "Seconds.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
            };
        }
    }
}
