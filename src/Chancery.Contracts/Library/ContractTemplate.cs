using System.Text.Json.Serialization;
using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Library;

/// <summary>A whole contract with blanks, of our own writing. It is not legal advice.</summary>
/// <param name="Id">"mutual-nda".</param>
/// <param name="Kind">What the contract is, as people ask for it: "nda", "services", "employment", "lease", "saas".</param>
/// <param name="Language">A BCP 47 tag.</param>
/// <param name="Summary">When to take it, in one sentence.</param>
/// <param name="Names">What people call it, in lower case: "mutual nda", "two-way confidentiality agreement".</param>
/// <param name="Roles">What its text calls the parties, in their order; empty where it has no names for them.</param>
public sealed record ContractTemplate(
    string Id,
    string Kind,
    string Title,
    string Language,
    string Summary,
    IReadOnlyList<string> Names,
    IReadOnlyList<string> Roles,
    IReadOnlyList<TemplateVariable> Variables,
    IReadOnlyList<TemplateClause> Clauses
);

/// <summary>A blank of a template or a clause; its text has <c>{{name}}</c> in its place.</summary>
/// <param name="Default">What is written where nothing else is known; null: a mark that something is missing.</param>
/// <param name="Label">What it stands for, in the template's language: "the monthly rent".</param>
public sealed record TemplateVariable(string Name, VariableKind Kind, string? Default, string Label);

[JsonConverter(typeof(SnakeCaseEnumConverter<VariableKind>))]
public enum VariableKind
{
    Text,

    /// <summary>"EUR 1,000".</summary>
    Amount,

    /// <summary>"30 days".</summary>
    Period,
    Date,
    Number,
}

/// <summary>A clause of a template, with blanks.</summary>
/// <param name="Key">How others of the same text name it: <c>{{clause:key}}</c>; null: none does.</param>
public sealed record TemplateClause(string? Key, string Heading, string Text, ClauseType? Type, bool IsNumbered)
{
    public IReadOnlyList<TemplateClause> Children { get; init; } = [];

    internal IEnumerable<TemplateClause> Walk() => [this, .. Children.SelectMany(child => child.Walk())];
}

/// <summary>A clause that can be put into any contract, of our own writing. It is not legal advice.</summary>
/// <param name="Id">"liability-cap-fees".</param>
/// <param name="Note">When to take it, in one sentence.</param>
/// <param name="Names">What people call just this variant, in lower case; may be empty.</param>
public sealed record LibraryClause(
    string Id,
    ClauseType Type,
    string Language,
    string Note,
    IReadOnlyList<string> Names,
    IReadOnlyList<TemplateVariable> Variables,
    TemplateClause Content
);
