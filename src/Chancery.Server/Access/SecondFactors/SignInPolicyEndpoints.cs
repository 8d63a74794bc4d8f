using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SecondFactors;

/// <summary><c>/api/v1/organization/sign-in-policy</c>: whether the people of an organisation need a second factor.</summary>
public static class SignInPolicyEndpoints
{
    /// <param name="SecondFactor">required: whoever has none sets one up before anything else, once the grace is over. encouraged: the page advises it.</param>
    /// <param name="AppliesTo">managers: owners and admins.</param>
    /// <param name="RequiredFrom">When the grace is over; null where none is required.</param>
    public sealed record OrganizationSignInPolicy(
        [property: OneOf(
            "SecondFactorRule",
            SecondFactorRule.None,
            SecondFactorRule.Encouraged,
            SecondFactorRule.Required
        )]
            string SecondFactor,
        [property: OneOf("RulePeople", RulePeople.Everybody, RulePeople.Managers)] string AppliesTo,
        DateTimeOffset? RequiredFrom
    );

    /// <param name="SecondFactor">none, encouraged or required.</param>
    /// <param name="AppliesTo">everybody, as by default, or managers: owners and admins.</param>
    /// <param name="GraceDays">How long those who have none may take: 0 to 90 days from now, 7 by default.</param>
    public sealed record SignInPolicyRequest(
        [Required, RegularExpression("none|encouraged|required", ErrorMessage = "One of none, encouraged, required.")]
            string SecondFactor,
        [RegularExpression("everybody|managers", ErrorMessage = "One of everybody, managers.")]
            string? AppliesTo = null,
        [Range(0, 90)] int? GraceDays = null
    );

    private const int DefaultGraceDays = 7;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/organization/sign-in-policy", GetAsync)
            .WithName("GetSignInPolicy")
            .WithSummary("Whether the people of your organisation need a second factor")
            .WithDescription("Without a rule they do not.")
            .RequirePermission(Permission.MembersRead)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPut("/organization/sign-in-policy", SetAsync)
            .Audited("organization.sign_in_policy_changed")
            .WithName("SetSignInPolicy")
            .WithSummary("Say whether the people of your organisation need a second factor")
            .WithDescription(
                "Once the grace is over, a sign-in without a second factor may do nothing but set one up or give it: everything else is "
                    + "answered 403. Keys, and applications as themselves, are no people. Whoever requires it of themselves should have "
                    + "one first."
            )
            .NeedsStepUp()
            .RequirePermission(Permission.OrganizationManage)
            .RequirePerson()
            .WithExample(
                new RouteExample
                {
                    Body = """{"second_factor": "encouraged", "applies_to": "managers", "grace_days": 14}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
    }

    private static async Task<Ok<OrganizationSignInPolicy>> GetAsync(
        Principal principal,
        SignInPolicies policies,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(ViewOf(await policies.GetAsync(principal.Tenant, cancellationToken)));

    private static async Task<Results<Ok<OrganizationSignInPolicy>, ProblemHttpResult>> SetAsync(
        SignInPolicyRequest request,
        Principal principal,
        SignInPolicies policies,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var people = request.AppliesTo ?? RulePeople.Everybody;
        var graceDays = request.GraceDays ?? DefaultGraceDays;
        context
            .Audit()
            .Add("second_factor", request.SecondFactor)
            .Add("applies_to", people)
            .Add("grace_days", graceDays);
        await policies.SetAsync(
            principal.Tenant,
            request.SecondFactor,
            people,
            TimeSpan.FromDays(graceDays),
            cancellationToken
        );
        return TypedResults.Ok(ViewOf(await policies.GetAsync(principal.Tenant, cancellationToken)));
    }

    private static OrganizationSignInPolicy ViewOf(SignInPolicy policy) =>
        new(policy.SecondFactor, policy.AppliesTo, policy.RequiredFrom);
}
