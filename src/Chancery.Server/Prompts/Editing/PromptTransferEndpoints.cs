using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Editing;

/// <summary>Prompts with their versions, out of one organisation or installation and into another.</summary>
internal static class PromptTransferEndpoints
{
    private const string Format = "chancery-prompts-1";
    private const int MostVersions = 200;

    /// <summary>A version as it travels.</summary>
    /// <param name="Number">Where it comes from; where it goes it may get another.</param>
    public sealed record ExportedVersion(
        [Range(1, int.MaxValue)] int Number,
        [Required] PromptContent Content,
        [StringLength(2000)] string? Why = null
    );

    /// <summary>A prompt as it travels.</summary>
    /// <param name="Versions">Oldest first; the newest 200, the one that everybody gets among them.</param>
    /// <param name="Production">The number of the version that everybody gets.</param>
    public sealed record ExportedPrompt(
        [Required, StringLength(100, MinimumLength = 1)] string Name,
        [StringLength(2000)] string? Description,
        [Range(1, int.MaxValue)] int Production,
        [Required, MinLength(1), MaxLength(MostVersions)] ExportedVersion[] Versions
    );

    /// <param name="Format">chancery-prompts-1.</param>
    public sealed record PromptFile(
        [Required] [property: OneOf("PromptFileFormat", Format)] string Format,
        [Required, MaxLength(PromptStore.Most)] ExportedPrompt[] Prompts
    );

    /// <param name="Added">Versions that were new here.</param>
    /// <param name="Production">The version that everybody gets now. Of a prompt that was here already it stays as it was.</param>
    public sealed record ImportedPrompt(Guid Id, string Name, bool IsNew, int Added, int Production);

    public sealed record ImportResponse(IReadOnlyList<ImportedPrompt> Prompts);

    public static void Map(IEndpointRouteBuilder routes)
    {
        PromptRoutes
            .Readable(routes)
            .MapGet("/export", ExportAsync)
            .WithName("ExportPrompts")
            .WithSummary("Take prompts and their versions out, as one file of JSON")
            .WithDescription(
                "Yours, and those of the product's own that were changed. Import the file into another organisation or installation."
            )
            .WithExample(new RouteExample { ShowsContent = true });
        PromptRoutes
            .Published(routes)
            .MapPost("/import", ImportAsync)
            .Audited("prompt.imported")
            .WithName("ImportPrompts")
            .WithSummary("Bring prompts and their versions in")
            .WithDescription(
                "Prompts meet by name, versions by what they say. A new prompt gets its version in production; of one that is here already nothing but versions is "
                    + "added: roll them out. Where one prompt cannot be used, none is taken."
            )
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"format":"chancery-prompts-1","prompts":[{"name":"{unique}","production":1,"versions":[{"number":1,"content":{"system":"You are brief.","text":"Sum up the week."}}]}]}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Ok<PromptFile>> ExportAsync(
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken
    )
    {
        var exported = new List<ExportedPrompt>();
        foreach (var prompt in await prompts.ListAsync(principal, cancellationToken))
        {
            // What is as it was shipped is where it goes, too.
            if (prompt.IsShipped && prompt.Latest == 1)
            {
                continue;
            }

            var versions = await prompts.VersionsAsync(principal, prompt.Id, null, MostVersions, cancellationToken);
            if (
                versions.All(version => version.Number != prompt.Production)
                && await prompts.FindVersionAsync(principal, prompt.Id, prompt.Production, cancellationToken)
                    is { } older
            )
            {
                versions = [.. versions.Take(MostVersions - 1), older];
            }

            exported.Add(
                new ExportedPrompt(
                    prompt.Name,
                    prompt.Description,
                    prompt.Production,
                    [
                        .. versions
                            .Reverse()
                            .Select(version => new ExportedVersion(version.Number, version.Content, version.Why)),
                    ]
                )
            );
        }

        return TypedResults.Ok(new PromptFile(Format, [.. exported]));
    }

    private static async Task<Results<Ok<ImportResponse>, ProblemHttpResult>> ImportAsync(
        PromptFile request,
        Principal principal,
        PromptStore prompts,
        LabelStore labels,
        ShippedPrompts shipped,
        CancellationToken cancellationToken
    )
    {
        if (FaultsOf(request, shipped) is { Count: > 0 } faults)
        {
            return Problem.Invalid(faults);
        }

        var here = (await prompts.ListAsync(principal, cancellationToken)).ToDictionary(
            prompt => prompt.Name,
            StringComparer.OrdinalIgnoreCase
        );
        if (
            here.Count(prompt => !prompt.Value.IsShipped)
                + request.Prompts.Count(prompt => !here.ContainsKey(prompt.Name.Trim()))
            > PromptStore.Most
        )
        {
            return PromptEndpoints.TooMany();
        }

        var imported = new List<ImportedPrompt>();
        foreach (var prompt in request.Prompts)
        {
            if (await TakeInAsync(principal, prompt, here, prompts, labels, cancellationToken) is not { } taken)
            {
                return Problem.Conflict(
                    "prompt-changed",
                    "The prompt was changed meanwhile",
                    $"Somebody deleted {prompt.Name.Trim()} while it was brought in. Import the file again: what is here already is not added twice."
                );
            }

            imported.Add(taken);
        }

        return TypedResults.Ok(new ImportResponse(imported));
    }

    /// <returns>Null where somebody deleted it meanwhile.</returns>
    private static async Task<ImportedPrompt?> TakeInAsync(
        Principal principal,
        ExportedPrompt prompt,
        Dictionary<string, PromptSummary> here,
        PromptStore prompts,
        LabelStore labels,
        CancellationToken cancellationToken
    )
    {
        var name = prompt.Name.Trim();
        var known = here.GetValueOrDefault(name);
        var added = 0;
        var isNew = false;
        if (known is null)
        {
            var first = prompt.Versions[0];
            (known, _) = await prompts.CreateAsync(
                principal,
                name,
                prompt.Description ?? "",
                first.Content,
                first.Why,
                principal.Name,
                cancellationToken
            );
            isNew = known is not null;
            added = isNew ? 1 : 0;
            // Somebody made it meanwhile.
            known ??= (await prompts.ListAsync(principal, cancellationToken)).FirstOrDefault(other =>
                string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase)
            );
            if (known is null)
            {
                return null;
            }
        }

        var numbers = new Dictionary<int, int>();
        foreach (var version in prompt.Versions)
        {
            var written = await prompts.AddVersionAsync(
                principal,
                known.Id,
                version.Content,
                version.Why,
                principal.Name,
                null,
                cancellationToken
            );
            if (written is not { Version: var kept, IsNew: var isAdded })
            {
                return null;
            }

            numbers[version.Number] = kept.Number;
            added += isAdded ? 1 : 0;
        }

        // What somebody else made meanwhile is theirs: their production moves by its label or a rollout, past their gate.
        if (isNew && numbers[prompt.Production] != known.Production)
        {
            var (outcome, _) = await labels.MoveAsync(
                principal,
                known.Id,
                PromptLabel.Production,
                numbers[prompt.Production],
                expected: known.Production,
                "Imported",
                cancellationToken
            );
            if (outcome == MoveOutcome.Moved)
            {
                known = known with { Production = numbers[prompt.Production] };
            }
        }

        return new ImportedPrompt(known.Id, known.Name, isNew, added, known.Production);
    }

    private static Dictionary<string, string[]> FaultsOf(PromptFile file, ShippedPrompts shipped)
    {
        var faults = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (file.Format != Format)
        {
            faults["format"] = [$"It is {Format}."];
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < file.Prompts.Length; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"prompts[{i}]");
            if (file.Prompts[i] is not { Versions: { } versions, Name: { } name } prompt)
            {
                faults[at] = ["It is null."];
                continue;
            }

            if (name.Trim().Length == 0 || name.Any(char.IsControl) || !names.Add(name.Trim()))
            {
                faults[$"{at}.name"] = ["A name of one line, and each once."];
            }

            if (versions.All(version => version?.Number != prompt.Production))
            {
                faults[$"{at}.production"] = ["It is the number of one of the versions."];
            }

            var own = shipped.Find(name.Trim());
            for (var j = 0; j < versions.Length; j++)
            {
                var where = string.Create(CultureInfo.InvariantCulture, $"{at}.versions[{j}]");
                if (versions[j]?.Content is not { } content)
                {
                    faults[where] = ["It is null."];
                    continue;
                }

                foreach (var (field, said) in PromptText.FaultsOf(content, own))
                {
                    faults[$"{where}.content.{field}"] = said;
                }
            }
        }

        return faults;
    }
}
