using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Tests.PersonalData;

public sealed class PersonalDataDetectorTests
{
    [Theory]
    [InlineData("write to anna.berg+x@mail.example.org today", "anna.berg+x@mail.example.org", PersonalDataKind.Email)]
    [InlineData("card 4111 1111 1111 1111, please", "4111 1111 1111 1111", PersonalDataKind.CreditCard)]
    [InlineData("it is 378282246310005.", "378282246310005", PersonalDataKind.CreditCard)]
    [InlineData("IBAN DE89 3704 0044 0532 0130 00 at the bank", "DE89 3704 0044 0532 0130 00", PersonalDataKind.Iban)]
    [InlineData("gb82west12345698765432", "gb82west12345698765432", PersonalDataKind.Iban)]
    [InlineData("call me on 020 7946 0958", "020 7946 0958", PersonalDataKind.Phone)]
    [InlineData("tel:(202) 555-0143", "(202) 555-0143", PersonalDataKind.Phone)]
    [InlineData("+49 30 901820", "+49 30 901820", PersonalDataKind.Phone)]
    [InlineData("routing number 021000021", "021000021", PersonalDataKind.BankAccount)]
    [InlineData("passport no. C01X00T47", "C01X00T47", PersonalDataKind.Passport)]
    [InlineData("driver's license number is D1234567", "D1234567", PersonalDataKind.DrivingLicence)]
    [InlineData("from 192.0.2.44 today", "192.0.2.44", PersonalDataKind.IpAddress)]
    [InlineData("host 2001:db8::8a2e:370:7334!", "2001:db8::8a2e:370:7334", PersonalDataKind.IpAddress)]
    [InlineData("00:1B:44:11:3A:B7", "00:1B:44:11:3A:B7", PersonalDataKind.MacAddress)]
    [InlineData(
        "see https://user:pw@host.example/x.",
        "https://user:pw@host.example/x",
        PersonalDataKind.CredentialUrl
    )]
    [InlineData(
        "pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        PersonalDataKind.CryptoWallet
    )]
    [InlineData(
        "pay bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        PersonalDataKind.CryptoWallet
    )]
    [InlineData("born on 12 March 1971", "12 March 1971", PersonalDataKind.DateOfBirth)]
    [InlineData("She is 42 years old", "42", PersonalDataKind.Age)]
    [InlineData("my zip code is 90210", "90210", PersonalDataKind.PostalCode)]
    [InlineData("come to 221 Baker Street", "221 Baker Street", PersonalDataKind.StreetAddress)]
    [InlineData("wohnt Lindenstraße 14, 10969 Berlin", "Lindenstraße 14, 10969 Berlin", PersonalDataKind.StreetAddress)]
    [InlineData("ask Dr. Anna van den Berg about it", "Anna van den Berg", PersonalDataKind.Person)]
    [InlineData("My name is José Núñez and", "José Núñez", PersonalDataKind.Person)]
    [InlineData("She works for Northwind Traders Ltd.", "Northwind Traders Ltd.", PersonalDataKind.Organisation)]
    [InlineData("He moved to Porto last year", "Porto", PersonalDataKind.Location)]
    public void Each_kind_is_found_where_it_stands(string text, string value, PersonalDataKind kind)
    {
        var span = Assert.Single(PersonalDataDetector.Find(text), span => span.Kind == kind);

        Assert.Equal(value, text.Substring(span.Start, span.Length));
    }

    [Theory]
    [InlineData("This is so under German law.", "")]
    [InlineData("This is so under German Law.", "")]
    [InlineData("It is sold in all of France, Spain and Portugal.", "")]
    [InlineData("A branch of Northwind Traders Ltd. is there.", "")]
    [InlineData("They asked Jordan Smith about it.", "Jordan Smith")]
    [InlineData("They asked German Karl Sommer about it.", "Karl Sommer")]
    [InlineData("They asked Karl Sommer about it.", "Karl Sommer")]
    public void What_nobody_asked_for_is_no_person_by_a_guess(string text, string person)
    {
        var options = PersonalDataOptions.Default with
        {
            Kinds = PersonalDataOptions
                .UsualKinds.Except([
                    PersonalDataKind.Organisation,
                    PersonalDataKind.Location,
                    PersonalDataKind.Nationality,
                ])
                .ToHashSet(),
            LeastConfidence = PersonalDataOptions.Thorough,
        };

        Assert.Equal(
            person,
            string.Join(
                '|',
                PersonalDataDetector.Find(text, options).Select(span => text.Substring(span.Start, span.Length))
            )
        );
    }

    [Theory]
    [InlineData("US", "SSN 536-90-4399")]
    [InlineData("US", "ITIN 912-70-1234")]
    [InlineData("GB", "NHS 943 476 5919")]
    [InlineData("GB", "AB 12 34 56 C")]
    [InlineData("DE", "Steuer-ID 86095742719")]
    [InlineData("FR", "NIR 2 55 08 14 168 025 38")]
    [InlineData("ES", "DNI 12345678Z")]
    [InlineData("ES", "NIE X1234567L")]
    [InlineData("IT", "RSSMRA85T10A562S")]
    [InlineData("PL", "PESEL 44051401359")]
    [InlineData("NL", "BSN 111222333")]
    [InlineData("BE", "registre national 85.07.30-033.28")]
    [InlineData("SE", "personnummer 811218-9876")]
    [InlineData("FI", "131052-308T")]
    [InlineData("CH", "756.9217.0769.85")]
    [InlineData("BR", "CPF 529.982.247-25")]
    [InlineData("CA", "SIN 130 692 544")]
    [InlineData("AU", "TFN 123 456 782")]
    [InlineData("IN", "PAN ABCPE1234F")]
    [InlineData("TR", "TCKN 10000000146")]
    [InlineData("SG", "S1234567D")]
    [InlineData("CN", "11010519491231002X")]
    [InlineData("KR", "RRN 880101-1234568")]
    [InlineData("IE", "PPS 1234567T")]
    public void Numbers_of_states_are_known_by_their_check_and_not_with_another_digit(string locale, string text)
    {
        var span = Assert.Single(PersonalDataDetector.Find(text), span => span.Kind == PersonalDataKind.NationalId);
        Assert.Equal(locale, span.Locale);

        // What has a check of its own loses it with its last digit changed.
        if (locale is "US" or "GB" or "IN" && !text.StartsWith("NHS", StringComparison.Ordinal))
        {
            return;
        }

        var last = text.AsSpan().LastIndexOfAnyInRange('0', '9');
        var broken = text[..last] + (char)('0' + ((text[last] - '0' + 1) % 10)) + text[(last + 1)..];
        Assert.DoesNotContain(
            PersonalDataDetector.Find(broken),
            span => span.Kind == PersonalDataKind.NationalId && span.Locale == locale
        );
    }

    [Theory]
    [InlineData("card 4111 1111 1111 1112")]
    [InlineData("IBAN DE89 3704 0044 0532 0130 01")]
    [InlineData("pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb")]
    [InlineData("pay bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5")]
    [InlineData("SSN 666-12-3456")]
    [InlineData("address 300.1.2.3")]
    [InlineData("born ~ 99/99/2000")]
    [InlineData("Clause 12.3.4 of the agreement of 2021, as amended in 2022 and 2023")]
    [InlineData("The fee is 1,250,000.00 EUR, or $ 4111111111111111 in words")]
    [InlineData("a@b and @handle and x@.com")]
    public void What_only_looks_like_it_is_left_alone(string text) =>
        Assert.Empty(PersonalDataDetector.Find(text, new() { Kinds = PersonalDataOptions.StructuredKinds }));

    [Fact]
    public void Allowed_values_and_unwanted_kinds_are_left_out()
    {
        const string text = "info@chancery.example, anna@chancery.example, bo@other.example, 192.0.2.44";

        var found = PersonalDataDetector.Find(
            text,
            new()
            {
                Allowed = ["@Chancery.example", "192.0.2.44"],
                Kinds = new HashSet<PersonalDataKind> { PersonalDataKind.Email, PersonalDataKind.IpAddress },
            }
        );

        Assert.Equal("bo@other.example", text.Substring(Assert.Single(found).Start, found[0].Length));
    }

    [Fact]
    public void A_word_beside_a_number_makes_it_surer()
    {
        var bare = PersonalDataDetector.Find("44051401359", new() { LeastConfidence = 0 });
        var named = PersonalDataDetector.Find("PESEL 44051401359", new() { LeastConfidence = 0 });

        Assert.True(
            named.Single(span => span.Locale == "PL").Confidence
                > bare.Where(span => span.Locale == "PL").Select(span => span.Confidence).DefaultIfEmpty(0).Max()
        );
    }

    [Fact]
    public void Spans_are_in_order_and_never_over_each_other()
    {
        string[] pieces =
        [
            "anna@x.example",
            "4111 1111 1111 1111",
            "+49 30 901820",
            "Mr. Lee",
            "192.0.2.4",
            "[",
            "-",
            "https://u:p@h.example/",
            "12 Long Lane",
            "\ud800",
        ];

        AnyText.HoldCut(
            pieces,
            (text, _) =>
            {
                var end = 0;
                foreach (var span in PersonalDataDetector.Find(text, new() { LeastConfidence = 0 }))
                {
                    Assert.True(span.Start >= end && span.Length > 0 && span.End <= text.Length);
                    end = span.End;
                }
            }
        );
    }
}
