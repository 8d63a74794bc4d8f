using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Inference.Registry.Policies;

/// <summary>
/// <c>/api/v1/organization/models</c>: which model an organisation asks by default, and which its people may ask; and
/// <c>/operator/tenants/{id}/models</c>: which the operator lets it ask.
/// </summary>
public static class ModelPolicyEndpoints
{
    private const int MostModels = 200;
    private const int LongestId = 200;

    private const string Rule =
        "Quoting from documents (`extractive`) is always allowed. A chain asks those of its models that are allowed. All servers know "
        + "of a change within two seconds, within thirty while Redis is gone.";

    // Of door functions: this one takes ids, too.
    private const string ExistsSql = "SELECT tenant_id FROM door_tenant_named(@id)";

    /// <param name="DefaultModel">What is asked where nothing is named: a model or a chain; null or absent for the installation's.</param>
    /// <param name="AllowedModels">The models that may be asked, by id; null or absent for all, empty for none. Owners change it.</param>
    public sealed record Request(
        [StringLength(LongestId)] string? DefaultModel,
        [MaxLength(MostModels)] IReadOnlyList<string>? AllowedModels
    );

    /// <param name="AllowedModels">The models that it may ask, by id; null or absent for all, empty for none.</param>
    public sealed record OperatorRequest([MaxLength(MostModels)] IReadOnlyList<string>? AllowedModels);

    /// <param name="DefaultModel">What the organisation chose; left out where it is the installation's.</param>
    /// <param name="AllowedModels">What the organisation allows; left out for all.</param>
    /// <param name="OperatorModels">What the operator allows the organisation; left out for all.</param>
    /// <param name="InstallationDefault">What is asked where the organisation chose nothing.</param>
    /// <param name="Choices">What there is to choose from.</param>
    public sealed record View(
        string? DefaultModel,
        IReadOnlyList<string>? AllowedModels,
        IReadOnlyList<string>? OperatorModels,
        string InstallationDefault,
        IReadOnlyList<Candidate> Choices
    );

    /// <param name="Kind"><c>model</c>: can be asked. <c>own-key</c>: once somebody brings a key. <c>chain</c>: several models.</param>
    /// <param name="Allowed">By the organisation and the operator; of a chain, whether at least one of its models is.</param>
    public sealed record Candidate(
        string Id,
        string Name,
        [property: OneOf("ModelCandidateKind", "model", "own-key", "chain")] string Kind,
        bool Allowed
    );

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/api/v1").WithTags("Access");
        routes
            .MapGet("/organization/models", GetAsync)
            .WithName("GetOrganizationModels")
            .WithSummary("Which model your organisation asks by default, and which may be asked")
            .WithDescription(Rule)
            .RequirePermission(Permission.MembersRead)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPut("/organization/models", SetAsync)
            .Audited("models.chosen")
            .WithName("SetOrganizationModels")
            .WithSummary("Choose your organisation's model, and which may be asked")
            .WithDescription("Admins choose the default; owners also which models may be asked. " + Rule)
            .RequirePermission(Permission.OrganizationManage)
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"default_model": "extractive"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        var operators = all.MapGroup("/operator/tenants/{id:guid}/models").WithTags("Operator").RequireOperator();
        operators
            .MapGet("", GetForOperatorAsync)
            .WithName("GetTenantModels")
            .WithSummary("Which models an organisation may ask")
            .WithDescription("For an operator's token. " + Rule)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status404NotFound);
        operators
            .MapPut("", SetForOperatorAsync)
            .Audited("organization.models_set")
            .WithName("SetTenantModels")
            .WithSummary("Say which models an organisation may ask")
            .WithDescription(
                "For an operator's token. What the organisation allows itself stays: both have to. " + Rule
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<View>> GetAsync(
        Principal principal,
        ModelPolicies policies,
        ModelRegistry models,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(ViewOf(await policies.ReadAsync(principal.Tenant, cancellationToken), models));

    private static async Task<Results<Ok<View>, ProblemHttpResult>> SetAsync(
        Request request,
        Principal principal,
        ModelPolicies policies,
        ModelRegistry models,
        CancellationToken cancellationToken
    )
    {
        var before = await policies.ReadAsync(principal.Tenant, cancellationToken);
        if (!TryRead(request.AllowedModels, models, out var allowed, out var unknown))
        {
            return Problem.Invalid("allowed_models", unknown);
        }

        if (principal.Role != Role.Owner && !AreSame(before.Allowed, allowed))
        {
            return Problem.OwnersOnly(
                "Only an owner changes which models may be asked. Leave allowed_models as it is."
            );
        }

        var after = new ModelPolicy(
            string.IsNullOrWhiteSpace(request.DefaultModel) ? null : request.DefaultModel.Trim(),
            allowed,
            before.AllowedByOperator
        );
        if (FaultOf(after, models) is { } fault)
        {
            return Problem.Invalid("default_model", fault);
        }

        await (
            principal.Role == Role.Owner
                ? policies.SetAsync(principal.Tenant, after.Default, allowed, principal.UserId, cancellationToken)
                : policies.SetDefaultAsync(principal.Tenant, after.Default, principal.UserId, cancellationToken)
        );
        return TypedResults.Ok(ViewOf(await policies.ReadAsync(principal.Tenant, cancellationToken), models));
    }

    private static async Task<Results<Ok<View>, ProblemHttpResult>> GetForOperatorAsync(
        Guid id,
        Doors doors,
        ModelPolicies policies,
        ModelRegistry models,
        CancellationToken cancellationToken
    ) =>
        await ExistsAsync(id, doors, cancellationToken)
            ? TypedResults.Ok(ViewOf(await policies.ReadAsync(new TenantId(id), cancellationToken), models))
            : Problem.NotFound("organization");

    private static async Task<Results<Ok<View>, ProblemHttpResult>> SetForOperatorAsync(
        Guid id,
        OperatorRequest request,
        Doors doors,
        ModelPolicies policies,
        ModelRegistry models,
        CancellationToken cancellationToken
    )
    {
        if (!TryRead(request.AllowedModels, models, out var allowed, out var unknown))
        {
            return Problem.Invalid("allowed_models", unknown);
        }

        if (!await ExistsAsync(id, doors, cancellationToken))
        {
            return Problem.NotFound("organization");
        }

        var tenant = new TenantId(id);
        await policies.SetByOperatorAsync(tenant, allowed, cancellationToken);
        return TypedResults.Ok(ViewOf(await policies.ReadAsync(tenant, cancellationToken), models));
    }

    private static async Task<bool> ExistsAsync(Guid id, Doors doors, CancellationToken cancellationToken) =>
        (await doors.QueryAsync<Guid>(ExistsSql, new { id = id.ToString() }, cancellationToken)).Contains(id);

    private static bool AreSame(IReadOnlyList<string>? before, IReadOnlyList<string>? after) =>
        before is null || after is null
            ? before is null && after is null
            : before.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(after);

    /// <summary>The ids as the registry writes them.</summary>
    private static bool TryRead(
        IReadOnlyList<string>? given,
        ModelRegistry models,
        out IReadOnlyList<string>? allowed,
        out string unknown
    )
    {
        (allowed, unknown) = (null, "");
        if (given is null)
        {
            return true;
        }

        var known = Models(models).ToDictionary(one => one.Id, one => one.Id, StringComparer.OrdinalIgnoreCase);
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var id in given)
        {
            if (id is null || !known.TryGetValue(id.Trim(), out var written))
            {
                unknown = $"There is no model {id}. There is: {string.Join(", ", known.Keys)}.";
                return false;
            }

            found.Add(written);
        }

        allowed = [.. found];
        return true;
    }

    /// <summary>Why a default cannot be one; null when it can.</summary>
    private static string? FaultOf(ModelPolicy policy, ModelRegistry models)
    {
        if (policy.Default is not { } id)
        {
            return null;
        }

        if (models.TryFind(id, out var model))
        {
            return policy.Allows(model) ? null : $"{model.Name} is not among the models that may be asked.";
        }

        if (models.TryFindChain(id, out var chain))
        {
            return models.Resolve(chain, Random.Shared).Any(policy.Allows)
                ? null
                : $"No model of the chain {chain.Id} may be asked.";
        }

        return $"There is no such model or chain. There is: {string.Join(", ", models.Models.Select(one => one.Id).Concat(models.Chains.Select(one => one.Id)))}.";
    }

    private static IEnumerable<(string Id, string Name, string Kind)> Models(ModelRegistry models) =>
        models
            .Models.Select(model => (model.Id, model.Name, "model"))
            .Concat(
                models.Others.Where(other => other.Preset.TakesKey).Select(other => (other.Id, other.Name, "own-key"))
            );

    private static View ViewOf(ModelPolicy policy, ModelRegistry models) =>
        new(
            policy.Default,
            policy.Allowed,
            policy.AllowedByOperator,
            models.Default.Id,
            [
                .. Models(models).Select(one => new Candidate(one.Id, one.Name, one.Kind, policy.Allows(one.Id))),
                .. models
                    .Chains.Select(chain => (chain, Links: models.Resolve(chain, Random.Shared)))
                    .Where(one => one.Links.Count > 0)
                    .Select(one => new Candidate(
                        one.chain.Id,
                        $"Chain {one.chain.Id}",
                        "chain",
                        one.Links.Any(policy.Allows)
                    )),
            ]
        );
}
