using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Organizations;

/// <summary><c>/api/v1/organization</c>: the caller's organisation, its name and what it keeps.</summary>
public static class OrganizationEndpoints
{
    private const int MostDays = 3650;

    /// <param name="Name">1 to 200 characters; unchanged when absent.</param>
    /// <param name="ConversationRetentionDays">
    /// 1 to 3650: conversations that nobody touched for so many days are erased for good, with what was shared of them. 0:
    /// never. Unchanged when absent.
    /// </param>
    /// <param name="QueryLog">
    /// Whether searches are written down; what is written down already stays until it is deleted. Unchanged when absent.
    /// </param>
    /// <param name="PersonalDataInAnswers">
    /// What becomes of personal data in answers that neither the passages nor the conversation hold. off: it is not looked for; count: the
    /// operator's figures count it; redact: a note stands in its place; refuse: the answer ends before it. Unchanged when absent.
    /// </param>
    /// <param name="AnswerLinkHosts">
    /// Hosts to which what models write may link although they were not told the address, at most 100: docs.example.com, or *.example.com for all under it. They
    /// take the place of those of before; empty for none. Unchanged when absent.
    /// </param>
    /// <param name="PersonalDataToModels">
    /// What models are told of personal data in questions, passages and conversations. as_is: all of it; pseudonyms: a placeholder such as [PERSON_1] stands
    /// for each value, and the value again in the answer. Unchanged when absent.
    /// </param>
    public sealed record Request(
        [StringLength(200, MinimumLength = 1)] string? Name,
        [Range(0, MostDays, ErrorMessage = "A number of days from 1 to 3650, or 0 for never.")]
            int? ConversationRetentionDays,
        bool? QueryLog,
        [property: OneOf(
            "PersonalDataRule",
            PersonalDataRule.Off,
            PersonalDataRule.Count,
            PersonalDataRule.Redact,
            PersonalDataRule.Refuse
        )]
            string? PersonalDataInAnswers,
        string[]? AnswerLinkHosts,
        [property: OneOf(
            "PersonalDataToModels",
            Organizations.PersonalDataToModels.AsIs,
            Organizations.PersonalDataToModels.Pseudonyms
        )]
            string? PersonalDataToModels
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/organization", GetAsync)
            .WithName("GetOrganization")
            .WithSummary("Your organisation and its rules")
            .RequirePermission(Permission.MembersRead)
            .WithExample(new RouteExample { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPatch("/organization", ChangeAsync)
            .Audited("organization.changed")
            .WithName("ChangeOrganization")
            .WithSummary("Rename your organisation, or change what it keeps")
            .RequirePermission(Permission.OrganizationManage)
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"conversation_retention_days": 365}""", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
    }

    private static async Task<Ok<Organization>> GetAsync(
        Principal principal,
        OrganizationStore organizations,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(await organizations.GetAsync(principal.Tenant, cancellationToken));

    private static async Task<Results<Ok<Organization>, ProblemHttpResult>> ChangeAsync(
        Request request,
        Principal principal,
        OrganizationStore organizations,
        Revocations revocations,
        HttpContext http,
        CancellationToken cancellationToken
    )
    {
        if (request.Name is not null && string.IsNullOrWhiteSpace(request.Name))
        {
            return Problem.Invalid("name", "Give the organisation a name.");
        }

        if (request.PersonalDataInAnswers is { } wanted && !PersonalDataRule.IsOne(wanted))
        {
            return Problem.Invalid("personal_data_in_answers", "It is off, count, redact or refuse.");
        }

        if (request.PersonalDataToModels is { } told && !PersonalDataToModels.IsOne(told))
        {
            return Problem.Invalid("personal_data_to_models", "It is as_is or pseudonyms.");
        }

        string[]? hosts = null;
        if (request.AnswerLinkHosts is { } given)
        {
            (hosts, var fault) = LinkHosts.Read(given);
            if (hosts is null)
            {
                return Problem.Invalid("answer_link_hosts", fault!);
            }
        }

        await organizations.ChangeAsync(
            principal.Tenant,
            request.Name?.Trim(),
            request.ConversationRetentionDays,
            request.QueryLog,
            request.PersonalDataInAnswers,
            hosts,
            request.PersonalDataToModels,
            cancellationToken
        );
        if (request.PersonalDataInAnswers is { } rule)
        {
            http.Audit().Add("personal_data_in_answers", rule);
        }

        if (request.PersonalDataToModels is { } telling)
        {
            http.Audit().Add("personal_data_to_models", telling);
        }

        if (hosts is not null)
        {
            http.Audit().Add("answer_link_hosts", string.Join(' ', hosts));
        }

        await revocations.TenantAsync(principal.Tenant.Value);
        return TypedResults.Ok(await organizations.GetAsync(principal.Tenant, cancellationToken));
    }
}
