using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Access;
using Chancery.Server.Gateway.Knowledge;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Knowledge.Collections;
using Chancery.Server.Knowledge.TextVectors;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Gateway.Models;

/// <summary>
/// <c>GET /v1/models</c>: all that a request's <c>model</c> may name. Each entry carries what OpenAI's clients read and what
/// Anthropic's do, which ask the same address.
/// </summary>
internal static class ModelsEndpoint
{
    private const string Ours = "chancery";
    private const int PageOfCollections = 200;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <param name="Created">In seconds since 1970; 0 where nobody knows.</param>
    /// <param name="OwnedBy">Who serves it.</param>
    private sealed record Item(string Id, long Created, string OwnedBy, string DisplayName)
    {
        public string Object { get; init; } = "model";

        public string Type { get; init; } = "model";

        public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeSeconds(Created);

        public int? ContextWindow { get; init; }

        public int? MaxOutputTokens { get; init; }
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", ListAsync).ForOpenAIClients("ListGatewayModels").WithExample(new RouteExample());
        routes
            // Names have slashes in them, which some clients write as they are.
            .MapGet("/v1/models/{**id}", FindAsync)
            .ForOpenAIClients("GetGatewayModel")
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "knowledge/all" } });
    }

    private static async Task<IResult> ListAsync(
        Principal principal,
        ModelRegistry registry,
        ModelChoice choice,
        CollectionStore collections,
        EncodingModel embeddings,
        CancellationToken cancellationToken
    )
    {
        var items = await ItemsAsync(principal, registry, choice, collections, embeddings, cancellationToken);
        return Results.Json(
            new
            {
                Object = "list",
                Data = items,
                HasMore = false,
                FirstId = items[0].Id,
                LastId = items[^1].Id,
            },
            Json
        );
    }

    private static async Task<IResult> FindAsync(
        string? id,
        Principal principal,
        ModelRegistry registry,
        ModelChoice choice,
        CollectionStore collections,
        EncodingModel embeddings,
        HttpContext http,
        CancellationToken cancellationToken
    )
    {
        var name = Uri.UnescapeDataString(id ?? "");
        var items = await ItemsAsync(principal, registry, choice, collections, embeddings, cancellationToken);
        if (items.Find(item => string.Equals(item.Id, name, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return Results.Json(found, Json);
        }

        await OpenAIError
            .NoSuchModel("There is no such model, or it is not yours to use. See /v1/models.")
            .WriteAsync(http);
        return Results.Empty;
    }

    /// <summary>Never empty: there is always an answer from documents.</summary>
    private static async Task<List<Item>> ItemsAsync(
        Principal principal,
        ModelRegistry registry,
        ModelChoice choice,
        CollectionStore collections,
        EncodingModel embeddings,
        CancellationToken cancellationToken
    )
    {
        var items = new List<Item>();
        var offer = await choice.OfferAsync(principal, cancellationToken);
        items.AddRange(
            offer
                .Usable.Where(model => !model.IsExtractive)
                .Select(model => new Item(model.Id, 0, model.ProviderName, model.Name)
                {
                    ContextWindow = model.Endpoint!.ContextWindowTokens,
                    MaxOutputTokens = model.MaxOutputTokens,
                })
        );
        if ((await choice.ChainAsync(principal.Tenant, cancellationToken)).Count > 0)
        {
            items.Add(new Item(ModelChain.DefaultId, 0, Ours, "The usual model, and those that take over from it"));
        }

        foreach (var chain in registry.Chains)
        {
            if (
                !string.Equals(chain.Id, ModelChain.DefaultId, StringComparison.OrdinalIgnoreCase)
                && (await choice.ChainAsync(principal.Tenant, chain, cancellationToken)).Count > 0
            )
            {
                items.Add(new Item(chain.Id, 0, Ours, $"Chain {chain.Id}"));
            }
        }

        if (embeddings.Name is { } name)
        {
            items.Add(new Item(name, 0, Ours, $"{name} (embeddings)"));
        }

        items.Add(new Item($"{KnowledgeModel.Prefix}all", 0, Ours, "All documents that you may read"));
        if (principal.May(Permission.DocumentsRead))
        {
            items.AddRange(await CollectionsAsync(principal, collections, cancellationToken));
        }

        return items;
    }

    private static async Task<IEnumerable<Item>> CollectionsAsync(
        Principal principal,
        CollectionStore collections,
        CancellationToken cancellationToken
    )
    {
        var found = new List<CollectionView>();
        Chancery.Server.Knowledge.Cursor? after = null;
        while (true)
        {
            var page = await collections.ListAsync(principal, after, PageOfCollections, cancellationToken);
            found.AddRange(page.Take(PageOfCollections));
            if (page.Count <= PageOfCollections)
            {
                return found.Select(collection => new Item(
                    $"{KnowledgeModel.Prefix}{collection.Name}",
                    collection.CreatedAt.ToUnixTimeSeconds(),
                    Ours,
                    collection.Name
                ));
            }

            after = new(found[^1].CreatedAt, found[^1].Id);
        }
    }
}
